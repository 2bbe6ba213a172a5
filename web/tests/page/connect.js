/** Connects a core, in a page, a worker or Node. `flush` sends what it has to say. */
export function connect(core, url, token) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const flush = () => core.outgoing().forEach((message) => socket.send(message));
  socket.onopen = () => {
    core.connected(token);
    flush();
  };
  socket.onmessage = ({ data }) => {
    core.receive(new Uint8Array(data));
    flush();
  };
  return { socket, flush };
}
