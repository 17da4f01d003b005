exports.handler = async () => 'CommonJS, .cjs';
