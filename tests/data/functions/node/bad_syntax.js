exports.handler = async () => { return ;;; ) };
