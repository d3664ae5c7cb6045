/** Where the servers of one Swift installation listen, on loopback. */
export interface SwiftPorts {
  readonly proxy: number;
  readonly object: number;
  readonly container: number;
  readonly account: number;
  readonly memcached: number;
  /** Undefined: the proxy knows its users itself (v1 auth). */
  readonly keystone?: number | undefined;
}

/** Files of /etc/swift by name. `folder` is the installation's data folder. */
export function swiftFiles(folder: string, ports: SwiftPorts): Readonly<Record<string, string>> {
  return {
    "swift.conf": [
      ...["[swift-hash]", "swift_hash_path_prefix = urd", "swift_hash_path_suffix = test"],
      ...["[storage-policy:0]", "name = Policy-0", "default = yes", ""],
    ].join("\n"),
    "object-server.conf": storageServer("object", ports.object, folder),
    "container-server.conf": storageServer("container", ports.container, folder),
    "account-server.conf": storageServer("account", ports.account, folder),
    "proxy-server.conf": proxyServer(folder, ports),
    "rings.py": rings(ports),
  };
}

function defaults(port: number, folder: string): string[] {
  return [
    ...["[DEFAULT]", "bind_ip = 127.0.0.1", `bind_port = ${port}`, "workers = 0", "user = root"],
    ...["swift_dir = /etc/swift", `devices = ${folder}/srv`, "mount_check = false"],
    ...["disable_fallocate = true", "log_level = WARNING"],
  ];
}

function storageServer(kind: string, port: number, folder: string): string {
  return [
    ...defaults(port, folder),
    ...["[pipeline:main]", `pipeline = healthcheck recon ${kind}-server`],
    ...[`[app:${kind}-server]`, `use = egg:swift#${kind}`],
    ...["[filter:healthcheck]", "use = egg:swift#healthcheck"],
    ...["[filter:recon]", "use = egg:swift#recon", `recon_cache_path = ${folder}/cache`, ""],
  ].join("\n");
}

function proxyServer(folder: string, ports: SwiftPorts): string {
  const auth = ports.keystone === undefined ? ["s3api", "tempauth"] : ["authtoken", "keystoneauth"];
  const before = "catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl";
  const after =
    "copy container-quotas account-quotas slo dlo versioned_writes symlink proxy-server";
  const plain =
    "catch_errors gatekeeper healthcheck listing_formats bulk tempurl copy slo dlo symlink";
  return [
    ...defaults(ports.proxy, folder),
    ...["[pipeline:main]", `pipeline = ${before} ${auth.join(" ")} ${after}`],
    ...["[app:proxy-server]", "use = egg:swift#proxy"],
    ...["allow_account_management = true", "account_autocreate = true"],
    ...["[filter:cache]", "use = egg:swift#memcache"],
    `memcache_servers = 127.0.0.1:${ports.memcached}`,
    ...["[filter:container-quotas]", "use = egg:swift#container_quotas"],
    ...["[filter:account-quotas]", "use = egg:swift#account_quotas"],
    ...["[filter:versioned_writes]", "use = egg:swift#versioned_writes"],
    ...["allow_versioned_writes = true", "allow_object_versioning = true"],
    ...plain.split(" ").flatMap((name) => [`[filter:${name}]`, `use = egg:swift#${name}`]),
    ...(ports.keystone === undefined ? ownUsers : keystoneUsers(ports)),
    "",
  ].join("\n");
}

const ownUsers: readonly string[] = [
  ...["[filter:s3api]", "use = egg:swift#s3api", "location = us-east-1", "s3_acl = false"],
  ...["[filter:tempauth]", "use = egg:swift#tempauth"],
  ...["user_admin_admin = admin .admin .reseller_admin", "user_test_tester = testing .admin"],
];

function keystoneUsers({ keystone, memcached }: SwiftPorts): string[] {
  const address = `http://127.0.0.1:${keystone}/v3`;
  return [
    ...[
      "[filter:authtoken]",
      "paste.filter_factory = keystonemiddleware.auth_token:filter_factory",
    ],
    ...[`www_authenticate_uri = ${address}`, `auth_url = ${address}`, "auth_type = password"],
    ...["project_domain_id = default", "user_domain_id = default", "project_name = admin"],
    ...["username = admin", "password = secret", "delay_auth_decision = true"],
    `memcached_servers = 127.0.0.1:${memcached}`,
    ...["[filter:keystoneauth]", "use = egg:swift#keystoneauth", "operator_roles = admin, member"],
  ];
}

/** One program for all rings: the command line of ring-builder costs three seconds more. */
function rings(ports: SwiftPorts): string {
  const listed = `("object", ${ports.object}), ("container", ${ports.container}), ("account", ${ports.account})`;
  return [
    "from swift.common.ring import RingBuilder",
    `for kind, port in (${listed}):`,
    "    builder = RingBuilder(2, 1, 1)",
    "    builder.add_dev(dict(id=0, region=1, zone=1, ip='127.0.0.1', port=port, weight=1.0,",
    "        replication_ip='127.0.0.1', replication_port=port, device='d1', meta=''))",
    "    builder.rebalance()",
    "    builder.get_ring().save(f'/etc/swift/{kind}.ring.gz')",
    "",
  ].join("\n");
}
