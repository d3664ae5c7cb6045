import { clone, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { defined } from "../platform/base/index.ts";

/**
 * A generated file in which one message field is `bytes` instead: the wire format is the same,
 * since a message and bytes are both a length and that many bytes, but nobody on the way makes
 * objects of it. The generated file itself stays as it is.
 */
export function rawTwin(
  generated: DescFile,
  at: { readonly message: string; readonly field: string },
): DescFile {
  const file = clone(FileDescriptorProtoSchema, generated.proto);
  const message = defined(
    file.messageType.find((type) => type.name === at.message),
    at.message,
  );
  const field = defined(
    message.field.find((candidate) => candidate.name === at.field),
    at.field,
  );
  field.type = FieldDescriptorProto_Type.BYTES;
  field.typeName = "";
  const registry = createFileRegistry(file, (name) =>
    generated.dependencies.find((dependency) => dependency.proto.name === name),
  );
  return defined(registry.getFile(file.name), `the twin of ${file.name}`);
}
