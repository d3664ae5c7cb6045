/** Files for Keystone beside Swift's, by name; none when it is not wanted. */
export function keystoneFiles(
  folder: string,
  port: number | undefined,
): Readonly<Record<string, string>> {
  if (port === undefined) return {};
  return {
    "keystone.conf": [
      ...["[DEFAULT]", "use_stderr = true", "[database]"],
      `connection = sqlite:///${folder}/keystone.db`,
      ...["[token]", "provider = fernet", "[fernet_tokens]"],
      `key_repository = ${folder}/fernet/`,
      ...["[credential]", `key_repository = ${folder}/credential/`, ""],
    ].join("\n"),
    "keystone.py": [
      "import sys",
      "sys.argv = ['keystone', '--config-file', '/etc/swift/keystone.conf']",
      "from keystone.server.wsgi import initialize_public_application",
      "application = initialize_public_application()",
      "",
    ].join("\n"),
  };
}

/** A filled database and keys, kept between runs: to make them takes up to a minute. */
const template = "/var/lib/urd-keystone";

/** Commands that fill Keystone's database and start it. */
export function keystoneSteps(folder: string, port: number): string[] {
  const manage = "keystone-manage --config-file /etc/swift/keystone.conf";
  const owner = "--keystone-user root --keystone-group root";
  const address = `http://127.0.0.1:${port}/v3`;
  const kept = "keystone.db fernet credential";
  return [
    `cd ${folder}`,
    `if [ -d ${template} ]; then cp -a ${template}/. .; else`,
    `${manage} db_sync && ${manage} fernet_setup ${owner} && ${manage} credential_setup ${owner}`,
    `mkdir ${template}.$$ && cp -a ${kept} ${template}.$$ && mv -T ${template}.$$ ${template}`,
    "fi",
    `${manage} bootstrap --bootstrap-password secret --bootstrap-admin-url ${address}` +
      ` --bootstrap-internal-url ${address} --bootstrap-public-url ${address}` +
      " --bootstrap-region-id region-one",
    `uwsgi_python3 --http-socket 127.0.0.1:${port} --wsgi-file /etc/swift/keystone.py` +
      " --processes 1 --threads 4 --need-app &",
  ];
}
