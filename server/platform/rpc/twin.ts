import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type FileRegistry,
} from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  FieldDescriptorProto_Type as FieldType,
  FileDescriptorProtoSchema,
  OneofDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { assert, defined } from "../base/index.ts";

/** Names of message fields to read as bytes, by name of their message in the file. */
export type RawFields = Readonly<Record<string, readonly string[]>>;

/**
 * The descriptors of a file, with some message fields declared as `bytes`. The wire format has
 * one form for both (a tag, a length, bytes), so the file and its twin read each other's
 * messages; a field is present in one exactly when it is in the other. Names stay the same.
 * The one difference: of a field that a sender repeats, a message would merge the parts,
 * bytes keep the last.
 */
export function rawTwin(file: DescFile, rawFields: RawFields): FileRegistry {
  const proto = clone(FileDescriptorProtoSchema, file.proto);
  for (const [messageName, fieldNames] of Object.entries(rawFields)) {
    const message = proto.messageType.find(({ name }) => name === messageName);
    for (const name of fieldNames) {
      makeRaw(defined(message, `message ${messageName} of ${file.name}`), name);
    }
  }
  const dependencies = new Map(file.dependencies.map((other) => [other.proto.name, other]));
  return createFileRegistry(proto, (name) => dependencies.get(name));
}

function makeRaw(message: DescriptorProto, fieldName: string): void {
  const field = defined(
    message.field.find(({ name }) => name === fieldName),
    `field ${fieldName} of ${message.name}`,
  );
  assert(field.type === FieldType.MESSAGE, `${fieldName} is not a message field`);
  field.type = FieldType.BYTES;
  field.typeName = "";
  const isInOneof = Object.hasOwn(field, "oneofIndex") && field.oneofIndex !== undefined;
  if (isInOneof && message.oneofDecl[field.oneofIndex] !== undefined) return;
  // Messages know absence; bytes know it only when declared optional, which proto3 writes as
  // a oneof of their own.
  field.proto3Optional = true;
  field.oneofIndex = message.oneofDecl.length;
  message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name: `_${fieldName}` }));
}
