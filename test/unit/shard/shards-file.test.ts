import { expect, test } from "vitest";
import {
  readShardsFile,
  ShardsFileError,
  writeShardsFile,
} from "../../../server/shard/shards-file.ts";
import { createFaultyVfs, type FaultyVfs } from "../../support/faulty-vfs.ts";

const write = (vfs: FaultyVfs, text: string): void => {
  vfs.makeDirectory("/d/ingester");
  vfs.open("/d/ingester/shards.json", "create").write(new TextEncoder().encode(text), 0);
};

test("what is written is read", () => {
  const vfs = createFaultyVfs();
  vfs.makeDirectory("/d/ingester");
  expect(readShardsFile(vfs, "/d")).toBeUndefined();
  writeShardsFile(vfs, "/d", { version: 1, shards: 3, switching: true });
  expect(readShardsFile(vfs, "/d")).toEqual({ version: 1, shards: 3, switching: true });
});

test.each([
  ['{"version":2,"shards":1}', /format 2 .* newer version/],
  ["{", /cannot be read: restore/],
  ["null", /cannot be read/],
  ['{"version":1,"shards":0}', /cannot be read/],
  ['{"version":1,"shards":1.5}', /cannot be read/],
])("%s is refused with a sentence", (text, sentence) => {
  const vfs = createFaultyVfs();
  write(vfs, text);
  expect(() => readShardsFile(vfs, "/d")).toThrow(sentence);
  expect(() => readShardsFile(vfs, "/d")).toThrow(ShardsFileError);
});

test("shards without the file are refused", () => {
  const vfs = createFaultyVfs();
  vfs.makeDirectory("/d/ingester/shard-0");
  expect(() => readShardsFile(vfs, "/d")).toThrow(/is missing although/);
});
