/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cri.h - what kubelets and the API server ask of the supervisor: the pod runtime
 *
 * What containerd is to a real kubelet. The protocol is engine/rpc.h's. Each node of a cluster has the listening
 * socket CRI_SOCKET in its own root (made by its sandbox, accepted by the supervisor, which so knows the node;
 * root only). The API server has a connection of the same kind as its descriptor CRI_FD_APISERVER, for all nodes.
 *
 * A pod is a network namespace; a container is a sandbox (sandbox.h) of its own in it, with netemu-init as PID 1,
 * which starts the main process and what `exec` asks for. Pods and containers belong to the supervisor and live on
 * when a kubelet dies.
 *
 * op                request                                               reply
 * node.info         -                                                     {"cluster": cluster.json without "nodes", "node": its entry of "nodes"}
 * apiserver         -                                                     fd: connected to the API server (waits until it is ready)
 * list              -                                                     {"pods": [{"uid", "name", "namespace", "opaque", "containers":
 *                                                                           [{"id", "name", "attempt", "state": "running"|"exited", "pid",
 *                                                                             "startedAt", "finishedAt" (RFC 3339 with nanoseconds),
 *                                                                             "status" (wait status), "reason", "message" (as in exit), "opaque"}]}]}
 * pod.create        {"uid", "name", "namespace", "hostname", "hostNetwork", "opaque": anything,
 *                    "hosts": text of /etc/hosts, "resolv": text of /etc/resolv.conf,
 *                    "volumes": [{"name", "type": "empty"|"files"|"host",
 *                                 "files": {"path": {"data": base64, "mode": 0644}}, "path": of host, in the node's root,
 *                                 "hostType": ""|"Directory"|"DirectoryOrCreate"|"File"|"FileOrCreate"}]}
 *                   fd: the pod's network namespace, unless hostNetwork   {} ; -EEXIST
 * pod.files         {"uid", "volume", "files"}                            {} the volume's files become these
 * pod.remove        {"uid"}                                               {} containers killed, everything gone; also when there is none
 * pod.socket        {"uid", "family": 4|6}                                fd: a TCP socket made in the pod's network namespace
 * image.find        {"image"}                                                    {"found": bool} whether that was imported
 * container.start   {"pod": uid, "name", "attempt", "image", "argv": [] = idle; missing = what the image starts by itself (FRR),
 *                    "command", "args": bool: argv has the one and the other, and is not just what an imported image has of its own,
 *                    "env": ["K=V"], "cwd", "user", "tty", "stdin", "stdinOnce": false = later attaches write to it, too,
 *                    "readOnlyRoot", "opaque", "messagePath": where it leaves its termination message (4096 bytes are read), "mounts": [{"volume", "subPath", "path", "readOnly"}]}
 *                                                                         {"id": 16 hex digits, "pid": on the host, "startedAt", "imageId": of an imported one}
 * container.stop    {"container", "signal": 15}                                  {} sent to the main process; 9: the whole container
 * container.remove  {"container", "keepLog": bool}                               {} killed if need be, root and (unless keepLog) log gone
 * container.connect {"container"}                                                fd: a connection to its netemu-init (engine/agentc.h)
 * container.attach  {"container", "stdin", "stdout", "stderr"}                   fds: a stream socket with its output (stdout, or what a tty prints),
 *                                                                           then one with stderr (no tty), then what writes to its stdin;
 *                                                                           only those that were asked for and are there, named by
 *                                                                           {"fds": ["stdout", "stderr", "stdin"], "tty": bool}
 * container.resize  {"container", "rows", "cols"}                                {} the window of its tty
 * ready             {"port": N}                                           (API server only) it answers from now on
 *
 * (A container's id is "container" in requests: "id" there is the request's own number, see engine/rpc.h.)
 *
 * notifications to the node's kubelet:
 *   {"op": "exit", "pod": uid, "id", "name", "attempt", "status": wait status, "finishedAt",
 *    "reason": "StartError" when it could not be started (then code 128), "message": of it, or what it left in messagePath}
 *
 * A container's log is CRI_LOG_DIR/ID.log below the lab's directory, rotated to ID.log.1; lines as containerd writes
 * them: "2016-10-06T00:17:09.669794202Z stdout F text".
 */
#ifndef NETEMU_CLUSTER_CRI_H
#define NETEMU_CLUSTER_CRI_H

#define CRI_SOCKET	 "/run/netemu.sock"
#define CRI_KUBELET	 "/usr/bin/kubelet" /* where the kubelet stub is in a node's root */
#define CRI_LOG_DIR	 "podlogs"
#define KUBE_DIR	 "kube" /* of the API server, below the lab's directory */
#define KUBE_CONFIG_JSON "kube/cluster.json"
#define KUBE_SOCKET	 "kube/api.sock"
#define KUBE_KUBECONFIG	 "kube/kubeconfig"

enum { CRI_FD_APISERVER = 3 };

#endif
