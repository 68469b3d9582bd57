#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# templates - which file is meant, and topology templates: variables, sub-templates, and where a mistake is said to be.
# Nothing here makes a lab.
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$test_dir"

mkdir -p fabric/clab_templates
cat >fabric/fabric.clab.gotmpl <<'TMPL'
name: {{ .name }}
topology:
  defaults: {kind: linux, image: 'alpine:{{ or .tag "latest" }}'}
  nodes:
{{- range $i, $_ := seq 1 .leaves }}
    leaf{{ add $i 1 }}:
      {{- template "loopback" (dict "n" $i "net" $.net) }}
{{- end }}
  links:
{{- range seq 2 .leaves }}
    - endpoints: ["leaf1:eth{{ . }}", "leaf{{ . }}:eth1"]
{{- end }}
TMPL
cat >fabric/clab_templates/loopback.gotmpl <<'TMPL'
{{ define "loopback" }}
      exec: ["ip addr add {{ .net }}.{{ add .n 1 }}/32 dev lo", "echo ${WHO:-nobody} $NOT_SET"]
{{- end }}
TMPL
printf 'name: fabric\nleaves: 3\nnet: 10.0.0\n' >fabric/fabric.clab_vars.yaml

# The directory's template, with the variables that lie beside it; the environment is replaced in what comes out.
assert_status 0 netemu validate fabric
assert_match "fabric.clab.gotmpl \(rendered\): ok: topology 'fabric', 3 nodes, 2 links" "$output"
(cd fabric && WHO=me netemu plan) >plan.txt
grep -qF 'clab-fabric-leaf3 ["ip" "addr" "add" "10.0.0.3/32" "dev" "lo"]' plan.txt || die "leaf3 has no loopback: $(cat plan.txt)"
grep -qF '["echo" "me" "$NOT_SET"]' plan.txt || die "the environment is not replaced in what the template gave"

# Given variables win over those; JSON will do; CLAB_TOPO and CLAB_VARS stand for what is not on the command line.
echo '{"name": "other", "leaves": 5, "net": "10.1.1"}' >given.json
assert_status 0 netemu validate --vars given.json fabric/fabric.clab.gotmpl
assert_match "topology 'other', 5 nodes, 4 links" "$output"
assert_status 0 env CLAB_TOPO=fabric CLAB_VARS=given.json "$NETEMU" validate
assert_match "topology 'other', 5 nodes, 4 links" "$output"

# A .clab.yml wins over a template, and is one itself as soon as it has variables or {{ in it.
cat >fabric/plain.clab.yml <<'YAML'
name: plain
topology:
  nodes:
    {{ range until 2 }}r{{ add1 . }}: {kind: linux}
    {{ end }}
YAML
assert_status 0 netemu validate fabric
assert_match "plain.clab.yml \(rendered\): ok: topology 'plain', 2 nodes" "$output"
assert_status 0 netemu validate - <fabric/plain.clab.yml
assert_match "<stdin> \(rendered\): ok: topology 'plain', 2 nodes" "$output"
rm fabric/plain.clab.yml

# Mistakes: in the template, where they stand there; in what it gave, with the line that came out.
sed -i 's/range seq 2/range sequence 2/' fabric/fabric.clab.gotmpl
assert_status 2 netemu validate fabric
assert_match 'fabric.clab.gotmpl:10:11: error: template: function "sequence" not defined' "$output"
assert_match '10 \| \{\{- range sequence 2 .leaves \}\}' "$output"
sed -i 's/range sequence 2/range seq 2/; s/kind: linux/kid: linux/' fabric/fabric.clab.gotmpl
assert_status 2 netemu validate fabric
assert_match "fabric.clab.gotmpl \(rendered\):3:14: error: unknown key 'kid'" "$output"
assert_match "3 \|   defaults: \{kid: linux, image: 'alpine:latest'\}" "$output"
sed -i 's/kid: linux/kind: linux/; s/\.net \./.net.x/' fabric/fabric.clab.gotmpl
sed -i 's/add \.n 1/add .n.x 1/' fabric/clab_templates/loopback.gotmpl
assert_status 2 netemu validate fabric
assert_match 'clab_templates/loopback.gotmpl:2:[0-9]+: error: template: ' "$output"
printf 'a: 1\na: 2\n' >bad.yaml
assert_status 2 netemu validate --vars bad.yaml fabric
assert_match "bad.yaml:2:1: error: key 'a' stands here a second time" "$output"
assert_status 1 netemu validate --vars none.yaml fabric
assert_match 'none.yaml: No such file' "$output"
printf '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}\n' >loop.gotmpl
assert_status 2 netemu validate loop.gotmpl
assert_match 'templates call each other too deeply' "$output"

# What containerlab would fetch is refused in one line, and so is a choice that is the user's.
for url in https://example.org/x.clab.yml git@example.org:x/y.git s3://bucket/x.clab.yml; do
  assert_status 1 netemu run "$url"
  assert_match "^netemu run: $url: netemu fetches nothing" "$output"
done
mkdir two none
touch two/a.clab.gotmpl two/b.clab.gotmpl
assert_status 1 netemu validate two
assert_match 'several topologies are there' "$output"
assert_status 1 netemu validate none
assert_match 'no topology is there' "$output"
