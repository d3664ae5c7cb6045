import { closeSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";

/** A directory that this process has for itself. */
export interface DirectoryLock {
  /** Gives the directory back. */
  release(): Promise<void>;
}

/** Longest path that a unix socket address holds, its closing zero left out. */
const socketPathLengthMax = 107;

/**
 * Locks a directory by a unix socket inside it: the kernel closes it when the process dies, by
 * whatever means, so a lock never outlives its owner and no process number is ever compared. An
 * answer at the socket means in use; a refusal means that the owner died, and the lock is
 * taken over. Returns undefined when another process has the directory.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock | undefined> {
  mkdirSync(directory, { recursive: true });
  const place = socketPlace(directory);
  try {
    const server = (await listen(place.path)) ?? (await takeOver(place.path));
    if (server === undefined) {
      place.release();
      return undefined;
    }
    server.unref();
    return {
      release: () =>
        new Promise((resolve) => {
          server.close(() => {
            place.release();
            resolve();
          });
        }),
    };
  } catch (error) {
    place.release();
    throw error;
  }
}

interface SocketPlace {
  readonly path: string;
  release(): void;
}

/** Path of the socket; one that is too long for an address goes through the directory's number. */
function socketPlace(directory: string): SocketPlace {
  const path = join(directory, "lock.sock");
  if (Buffer.byteLength(path) <= socketPathLengthMax) return { path, release: () => {} };
  const fd = openSync(directory, "r");
  return { path: `/proc/self/fd/${fd}/lock.sock`, release: () => closeSync(fd) };
}

/** A server at the path, or undefined when the name is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

/**
 * Takes over a lock whose owner died. Two processes may try at once: each moves the socket aside
 * and looks once more whether it is really dead before it removes it.
 */
async function takeOver(path: string): Promise<Server | undefined> {
  if (await answers(path)) return undefined;
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return listen(path);
    throw error;
  }
  if (await answers(aside)) {
    renameSync(aside, path);
    return undefined;
  }
  rmSync(aside, { force: true });
  return listen(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
