export { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
export { nodeVfs } from "./node-vfs.ts";
export { type PathInfo, readWhole, replaceFile, type Vfs, type VfsFile, writeAll } from "./vfs.ts";
