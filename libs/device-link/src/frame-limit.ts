import type { Socket } from 'node:net';

/** Bytes of a packet around its payload: topic, number and header. */
const overheadBytes = 1_024;
/** Nobody has said yet who it is. */
const beforeConnectBytes = 4_096;

/**
 * Ends a connection at the header of a packet that is too long, before any of it is gathered: the parser of
 * the broker would take up to 256 MB. `isConnected` says whether the client is known by now.
 */
export const limitFrames = (
  socket: Socket,
  maxPayloadBytes: number,
  isConnected: () => boolean,
  onTooLong: () => void,
): void => {
  const frames = new Frames();
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!Buffer.isBuffer(chunk)) return chunk;
    const max = isConnected() ? maxPayloadBytes + overheadBytes : beforeConnectBytes;
    if (frames.longest(chunk) <= max) return chunk;
    onTooLong();
    socket.destroy();
    return null;
  };
};

/** Where packets begin in a stream of bytes. */
export class Frames {
  /** Of the packet that is under way; what comes first of a packet is one byte that says which it is. */
  private left = 0;
  private length = 0;
  private shift = -1;

  /** The longest packet whose length is in these bytes, which follow the ones before. */
  longest(chunk: Buffer): number {
    let longest = 0;
    for (let at = 0; at < chunk.length;) {
      if (this.left > 0) {
        const skipped = Math.min(this.left, chunk.length - at);
        this.left -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (this.shift < 0) {
        [this.shift, this.length] = [0, 0];
        continue;
      }
      this.length += (byte & 0x7f) * 2 ** this.shift;
      this.shift += 7;
      if (byte >= 0x80 && this.shift < 28) continue;
      longest = Math.max(longest, this.length);
      [this.left, this.shift] = [this.length, -1];
    }
    return longest;
  }
}
