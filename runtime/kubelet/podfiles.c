// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * podfiles.c - /etc/hosts, /etc/resolv.conf and the host name of a pod
 *
 * There is no cluster DNS (services have no datapath), so dnsPolicy ClusterFirst is the node's own resolver, too.
 */
#include <string.h>

#include "base/strbuf.h"
#include "kubelet/pod.h"

static const char hosts_head[] = "# Kubernetes-managed hosts file.\n"
				 "127.0.0.1\tlocalhost\n"
				 "::1\tlocalhost ip6-localhost ip6-loopback\n"
				 "fe00::0\tip6-localnet\n"
				 "fe00::0\tip6-mcastprefix\n"
				 "fe00::1\tip6-allnodes\n"
				 "fe00::2\tip6-allrouters\n";

static void add_file(struct strbuf *s, const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char buf[512];
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(s, buf, n);
	if (s->len && s->buf[s->len - 1] != '\n')
		strbuf_putc(s, '\n');
}

char *podfiles_hostname(const struct pod *p)
{
	const json_t *spec = json_object_get(p->object, "spec");
	const char *own = json_text(spec, "hostname", NULL);

	if (p->host_network)
		own = kubelet_hostname(p->k);
	return strndup(*own ? own : p->name, 63);
}

static void add_words(struct strbuf *s, const char *before, const json_t *words)
{
	size_t i;
	json_t *w;

	json_array_foreach (words, i, w)
		strbuf_printf(s, "%s%s", before, json_string_value(w) ? json_string_value(w) : "");
}

static void add_aliases(struct strbuf *s, const json_t *aliases)
{
	size_t i;
	json_t *a;

	if (json_array_size(aliases))
		strbuf_puts(s, "\n# Entries added by HostAliases.\n");
	json_array_foreach (aliases, i, a) {
		strbuf_puts(s, json_text(a, "ip", NULL));
		add_words(s, "\t", json_object_get(a, "hostnames"));
		strbuf_putc(s, '\n');
	}
}

char *podfiles_hosts(const struct pod *p)
{
	_cleanup_free_ char *hostname = podfiles_hostname(p);
	const json_t *spec = json_object_get(p->object, "spec");
	const char *sub = json_text(spec, "subdomain", NULL);
	struct strbuf s = { 0 };
	char ip[INPREFIX_STRLEN];

	if (p->host_network) {
		strbuf_puts(&s, "# Kubernetes-managed hosts file (host network).\n");
		add_file(&s, "/etc/hosts");
	} else {
		strbuf_puts(&s, hosts_head);
	}
	for (size_t i = 0; i < p->net.n_addrs; i++) {
		strbuf_printf(&s, "%s\t", inprefix_addr_str(&p->net.addrs[i], ip));
		if (*sub)
			strbuf_printf(&s, "%s.%s.%s.svc.cluster.local\t", hostname, sub, p->ns);
		strbuf_printf(&s, "%s\n", hostname ? hostname : "");
	}
	add_aliases(&s, json_object_get(spec, "hostAliases"));
	return strbuf_steal(&s);
}

static void add_option(struct strbuf *s, const json_t *o)
{
	const char *value = json_text(o, "value", NULL);

	strbuf_printf(s, " %s%s%s", json_text(o, "name", NULL), *value ? ":" : "", value);
}

char *podfiles_resolv(const struct pod *p)
{
	const json_t *spec = json_object_get(p->object, "spec"), *config = json_object_get(spec, "dnsConfig");
	const json_t *options = json_object_get(config, "options");
	struct strbuf s = { 0 };
	size_t i;
	json_t *v;

	if (strcmp(json_text(spec, "dnsPolicy", NULL), "None") != 0)
		add_file(&s, "/etc/resolv.conf");
	json_array_foreach (json_object_get(config, "nameservers"), i, v)
		strbuf_printf(&s, "nameserver %s\n", json_string_value(v) ? json_string_value(v) : "");
	if (json_array_size(json_object_get(config, "searches"))) {
		strbuf_puts(&s, "search");
		add_words(&s, " ", json_object_get(config, "searches"));
		strbuf_putc(&s, '\n');
	}
	if (json_array_size(options)) {
		strbuf_puts(&s, "options");
		json_array_foreach (options, i, v)
			add_option(&s, v);
		strbuf_putc(&s, '\n');
	}
	return strbuf_steal(&s);
}
