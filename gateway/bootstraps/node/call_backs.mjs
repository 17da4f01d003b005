/**
 * Leads connections from the public names of the gateway's own APIs to this machine.
 *
 * On Lambda a function reaches its APIs under `https://DOMAIN/STAGE`.  Here that name is nobody's, or another one's, so
 * a connection to it goes where the gateway listens.  TLS stays as it is: the client checks the certificate for the
 * name that it asked for.  Every other name, and every other port, is connected to as ever.
 */
import net from 'node:net';

/** Leads names to ports of the loopback interface; the table has `NAME=PORT`, with blanks between. */
export function lead(table) {
  const ports = new Map(table.split(' ').map((item) => item.split('=')));
  const connect = net.Socket.prototype.connect;
  const led = (port, host) => (Number(port) === 443 ? ports.get(String(host).toLowerCase().replace(/\.$/, '')) : undefined);

  net.Socket.prototype.connect = function (...given) {
    const [first, host] = given;
    // `net.connect` and `tls.connect` hand over what they have made of their arguments as an array.
    const options = Array.isArray(first) ? first[0] : first;
    const port = typeof options === 'object' ? led(options?.port, options?.host) : led(first, host);
    if (port === undefined) return connect.apply(this, given);
    const there = { ...(typeof options === 'object' ? options : {}), host: '127.0.0.1', port: Number(port) };
    if (Array.isArray(first)) first[0] = there;
    else if (typeof first === 'object') given[0] = there;
    else given.splice(0, 2, there);
    return connect.apply(this, given);
  };
}
