exports.handler = async () => 'CommonJS, .js';
