# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile - builds netemu into build/; `make help` lists what else there is.
#
# A VARIANT is a set of flags with a directory of its own for objects: release, debug, asan, fault, valgrind, fuzz,
# lint-*.
# The release's programs are in build/ itself, those of the others in build/<variant>/.

MAKEFLAGS += --no-builtin-rules
SHELL     := /bin/bash
V         ?=
Q         := $(if $(V),,@)
say        = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),@:,@printf "  %-7s %s\n" $(1) $@)
CC        := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
PREFIX    ?= /usr/local
VARIANT   ?= release
OBJ       := build/$(VARIANT)/obj
OUT       := $(if $(filter release,$(VARIANT)),build,build/$(VARIANT))
VERSION   := $(shell sed -n 's/^\#\# v\{0,1\}\([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
VERSION   := $(or $(VERSION),$(shell git describe --tags --always 2>/dev/null),0)

# ---- sources: a new file is found by itself ----
AGENT_SRC := $(wildcard runtime/agent/*.c)
VMINIT_SRC := $(wildcard runtime/vminit/*.c)
KUBELET_SRC := $(wildcard runtime/kubelet/*.c)
APISERVER_SRC := $(wildcard runtime/apiserver/*.c)
WEB_SRC   := $(wildcard runtime/web/*.c)
CERT_SRC  := $(wildcard runtime/cert/*.c)
IMAGER_SRC := $(wildcard runtime/imager/*.c)
LIB_SRC   := $(filter-out $(AGENT_SRC) $(VMINIT_SRC) $(KUBELET_SRC) $(APISERVER_SRC) $(WEB_SRC) $(CERT_SRC) $(IMAGER_SRC),$(wildcard runtime/*/*.c))
CLI_SRC   := $(wildcard netemu/*.c)
TEST_SRC  := $(wildcard tests/unit/*.c tests/kernel/*.c tests/golden/*.c)
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
ALL_SRC   := $(AGENT_SRC) $(VMINIT_SRC) $(LIB_SRC) $(KUBELET_SRC) $(APISERVER_SRC) $(WEB_SRC) $(CERT_SRC) $(IMAGER_SRC) $(CLI_SRC) $(TEST_SRC) $(FUZZ_SRC) $(BENCH_SRC)
objects    = $(patsubst %.c,$(OBJ)/%.o,$(1))

# ---- flags ----
WARN      := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef -Wvla $(if $(WERROR),-Werror)
X86       := $(filter x86_64% i%86%,$(shell $(CC) -dumpmachine))
HARDEN    := -fstack-protector-strong -fstack-clash-protection $(if $(X86),-fcf-protection)
SANITIZE  := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
NL_CFLAGS := -isystem $(firstword $(wildcard $(SYSROOT)/usr/include/libnl3 $(SYSROOT)/usr/local/include/libnl3) /usr/include/libnl3)
BASE      := -std=gnu11 -D_GNU_SOURCE -DNETEMU_VERSION='"$(VERSION)"' -Iruntime -Inetemu $(NL_CFLAGS) $(WARN)

FLAGS_release := -O2 -g $(HARDEN) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
FLAGS_debug   := -O0 -g3 -DNETEMU_DEBUG
FLAGS_asan    := -O1 -g $(SANITIZE) -DNETEMU_FAULT
FLAGS_fault   := $(FLAGS_release) -DNETEMU_FAULT
FLAGS_valgrind := -O1 -g -DNETEMU_FAULT
FLAGS_fuzz    := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link -DNETEMU_FUZZ
FLAGS         := $(or $(FLAGS_$(VARIANT)),$(FLAGS_release))
COMPILE       := $(CC) $(BASE) -fPIE -ffunction-sections -fdata-sections $(FLAGS) $(CPPFLAGS) $(CFLAGS)

# ---- libraries ----
# Every shared library costs an `exec` 0.1 ms in the loader, so netemu is linked wholly static where the .a files are there
# (a main() that returns: 0.63 ms static-pie, 0.72 ms with only libc shared, 0.96 ms all shared). What sanitizers need is
# shared. A static netemu cannot look up users or hosts through NSS, and shall not: libnss would come from a node's own
# writable root. The symbols libnl names but netemu never calls are therefore bound to abort().
LIBS      := nl-3 cap yaml uring jansson
archive    = $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a))
ARCHIVES  := $(foreach l,$(LIBS),$(call archive,$(l)))
STATIC    := $(if $(filter asan fuzz valgrind,$(VARIANT)),,$(filter $(words $(LIBS)),$(words $(ARCHIVES))))
NO_NSS    := $(foreach s,getaddrinfo getprotobyname getprotobynumber,-Wl,--defsym=$(s)=abort)
LINK_LIBS := $(foreach l,$(LIBS),$(or $(if $(filter asan fuzz,$(VARIANT)),,$(call archive,$(l))),-l$(l))) -lpthread -lm
LINK_PIE  := $(COMPILE) -pie -Wl,-z,relro,-z,now,--gc-sections,--as-needed $(LDFLAGS)
LINK      := $(if $(STATIC),$(patsubst -pie,-static-pie,$(LINK_PIE)) $(NO_NSS),$(LINK_PIE))
TEST_LIBS := -lcmocka
# The API server is one process a cluster and started once: its libraries are shared ones.
APISERVER_LIBS := -lgnutls -lz
IMAGER_LIBS := -larchive -lgnutls

# The agent is PID 1 of every node, one copy in memory for each: small, static, never sanitized. With musl it starts in a
# fraction of the time: glibc asks cpuid some forty times before main(), and in a virtual machine each answer takes 4 us.
AGENT_CC  := $(or $(and $(filter gcc,$(CC)),$(shell command -v musl-gcc 2>/dev/null)),$(CC))
AGENT     := $(AGENT_CC) $(BASE) -Os -g -ffunction-sections -fdata-sections -fno-pie -fstack-protector-strong $(CPPFLAGS) $(CFLAGS)
AGENT_LD  := $(AGENT) -static -Wl,--gc-sections,-z,noexecstack $(LDFLAGS)

# ---- what `make` builds: only what has its sources ----
LIB       := $(if $(LIB_SRC),$(OUT)/libnetemu.a)
INIT      := $(if $(AGENT_SRC),$(OUT)/netemu-init)
VMINIT    := $(if $(VMINIT_SRC),$(OUT)/netemu-vminit)
NETEMU    := $(if $(CLI_SRC),$(OUT)/netemu)
KUBELET   := $(if $(filter %/main.c,$(KUBELET_SRC)),$(OUT)/netemu-kubelet)
APISERVER := $(if $(filter %/main.c,$(APISERVER_SRC)),$(OUT)/netemu-apiserver)
WEB       := $(if $(WEB_SRC),$(OUT)/netemu-graph)
CERT      := $(if $(CERT_SRC),$(OUT)/netemu-cert)
IMAGER    := $(if $(IMAGER_SRC),$(OUT)/netemu-image)
DOCS      := $(if $(CLI_SRC),build/netemu.1 build/netemu.bash)
TESTS     := $(patsubst %.c,$(OUT)/%,$(TEST_SRC))
FUZZERS   := $(patsubst %.c,$(OUT)/%,$(FUZZ_SRC))
BENCHES   := $(patsubst %.c,$(OUT)/%,$(BENCH_SRC))

.PHONY: all readme page programs debug asan fault-build tests lint test vmtest kernels demo fault fuzz fuzzers bench bench-check bench-cluster install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: programs $(if $(filter release,$(VARIANT)),page) $(if $(filter release,$(VARIANT)),$(DOCS)) ## netemu, netemu-init, the man page and the completion, in build/

programs: $(LIB) $(INIT) $(VMINIT) $(NETEMU) $(KUBELET) $(APISERVER) $(WEB) $(CERT) $(IMAGER)

debug: ## the same without optimisation, in build/debug/
	$(MAKE) VARIANT=debug programs

asan: ## with address and undefined-behaviour sanitizers, its tests included, in build/asan/
	$(MAKE) VARIANT=asan programs tests

fault-build: ## with the seam that makes kernel operations fail, in build/fault/; for valgrind in build/valgrind/
	$(MAKE) VARIANT=fault programs
	$(MAKE) VARIANT=valgrind programs

tests: $(TESTS) ## the programs of the unit, kernel and golden tests, in build/tests/

# ---- rules ----
# Objects depend on the flags they were made with: CC=clang, or a new version, rebuilds.
shquote    = '$(subst ','\'',$(1))'
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@new=$(call shquote,$(COMPILE) $(LINK) $(AGENT)); [ "$$new" = "$$(cat $@ 2>/dev/null)" ] || echo "$$new" >$@

$(call objects,$(AGENT_SRC) $(VMINIT_SRC)): private COMPILE := $(AGENT)
$(call objects,$(TEST_SRC) $(FUZZ_SRC)): private COMPILE := $(COMPILE) -Itests

$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

-include $(patsubst %.c,$(OBJ)/%.d,$(ALL_SRC))

$(OUT)/libnetemu.a: $(call objects,$(LIB_SRC))
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OUT)/netemu-init: $(call objects,$(AGENT_SRC))
	$(call say,LINK)
	$(Q)$(AGENT_LD) -o $@ $^

$(OUT)/netemu-vminit: $(call objects,$(VMINIT_SRC))
	$(call say,LINK)
	$(Q)$(AGENT_LD) -o $@ $^

$(OUT)/netemu: $(call objects,$(CLI_SRC)) $(LIB)
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $(LINK_LIBS)

# What the tests link: all but the mains.
$(OUT)/libapiserver.a: $(call objects,$(filter-out %/main.c,$(APISERVER_SRC)) runtime/cert/x509.c)
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OUT)/libkubelet.a: $(call objects,$(filter-out %/main.c,$(KUBELET_SRC)))
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OUT)/netemu-kubelet: $(OBJ)/runtime/kubelet/main.o $(OUT)/libkubelet.a $(LIB)
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $(LINK_LIBS)

$(OUT)/netemu-apiserver: $(OBJ)/runtime/apiserver/main.o $(OUT)/libapiserver.a $(LIB)
	$(call say,LINK)
	$(Q)$(LINK_PIE) -o $@ $^ $(LINK_LIBS) $(APISERVER_LIBS)

$(OUT)/netemu-graph: $(call objects,$(WEB_SRC)) $(OUT)/libapiserver.a $(LIB)
	$(call say,LINK)
	$(Q)$(LINK_PIE) -o $@ $^ $(LINK_LIBS) $(APISERVER_LIBS) -lutil

$(OUT)/netemu-cert: $(call objects,$(CERT_SRC)) $(LIB)
	$(call say,LINK)
	$(Q)$(LINK_PIE) -o $@ $^ $(LINK_LIBS) -lgnutls

$(OUT)/libimager.a: $(call objects,$(filter-out %/main.c,$(IMAGER_SRC)))
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OUT)/netemu-image: $(OBJ)/runtime/imager/main.o $(OUT)/libimager.a $(LIB)
	$(call say,LINK)
	$(Q)$(LINK_PIE) -o $@ $^ $(LINK_LIBS) $(IMAGER_LIBS)

$(OUT)/tests/%: $(OBJ)/tests/%.o $(if $(APISERVER_SRC),$(OUT)/libapiserver.a) $(if $(KUBELET_SRC),$(OUT)/libkubelet.a) $(if $(IMAGER_SRC),$(OUT)/libimager.a) $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(LINK_PIE) -o $@ $^ $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer,$(TEST_LIBS)) $(LINK_LIBS) $(if $(APISERVER_SRC),$(APISERVER_LIBS)) $(if $(IMAGER_SRC),$(IMAGER_LIBS))

# What netemu is measured with: static, as netemu is, and PID 1 of the floor's nodes as netemu's own.
$(call objects,tests/bench/floor_init.c): private COMPILE := $(AGENT)
$(OUT)/tests/bench/floor_init: $(call objects,tests/bench/floor_init.c)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(AGENT_LD) -o $@ $^
$(OUT)/tests/bench/floor: $(call objects,tests/bench/floor.c)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

# The page of `netemu graph`, from npm packages under a lock file; without npm there is none, and the rest is there all the same.
page: build/graph.stamp
build/graph.stamp: scripts/page $(shell find runtime/web/page -name node_modules -prune -o -type f -print 2>/dev/null)
	$(call say,PAGE)
	$(Q)./scripts/page

# The man page and the completion come from the table that the program parses its own arguments with.
build/netemu.1: build/netemu
	$(call say,GEN)
	$(Q)build/netemu help --man >$@
build/netemu.bash: build/netemu
	$(call say,GEN)
	$(Q)build/netemu help --completion >$@

# ---- checks ----
test: ## every test (root; `tests/run PATTERN...` runs some)
	./scripts/test

vmtest: all ## the tests on other kernels, in virtual machines (root; a few minutes)
	./scripts/setup vm
	./scripts/kernels >/dev/null
	NETEMU_TEST_VM=1 ./tests/run vm/

kernels: ## fetches Debian's kernels for `netemu vm` into build/kernels/, without installing them (KERNELS="NAME...")
	./scripts/kernels $(KERNELS)

demo: ## sets up, builds and runs the demo lab (root)
	./scripts/demo

fault: all fault-build asan tests ## fault injection at every operation, kill -9 at 100 moments (root; slow)
	NETEMU_FAULT_FULL=1 ./tests/run fault/

fuzzers: $(FUZZERS)

bench: all $(BENCHES) ## against the kernel's floor, ip(8), Mininet, Docker; into build/bench.{json,svg} (root; BENCH_ARGS="--runs 3")
	./scripts/bench $(BENCH_ARGS)

bench-check: all $(BENCHES) ## whether netemu has become slower than the ratios in tests/bench/baseline.json (root)
	./scripts/bench-check $(BENCH_ARGS)

bench-cluster: all ## 100 nodes with 1000 pods: how fast, how much memory; into build/bench-cluster.json (root)
	./scripts/bench-cluster $(BENCH_ARGS)

FUZZ_SECONDS ?= 60
fuzz: ## each target of tests/fuzz/ for FUZZ_SECONDS=60 (clang's libFuzzer, sanitizers on)
	$(MAKE) VARIANT=fuzz CC=clang fuzzers
	@for f in $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC)); do \
		echo "fuzz: $$f, $(FUZZ_SECONDS) s, log in build/fuzz/$$f.log"; \
		mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/tests/fuzz/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
			-artifact_prefix=build/fuzz/$$f- $$([ ! -f tests/fuzz/$$f.dict ] || echo -dict=tests/fuzz/$$f.dict) \
			build/fuzz/corpus/$$f $$(ls -d tests/fuzz/seeds/$$f 2>/dev/null) >build/fuzz/$$f.log 2>&1 || \
			{ tail -n 60 build/fuzz/$$f.log; exit 1; }; \
		grep -E '^stat::(number|peak)' build/fuzz/$$f.log; \
	done

lint: compile_commands.json ## warnings of gcc and clang as errors, clang-tidy, cppcheck, shellcheck
	$(MAKE) VARIANT=lint-gcc CC=gcc WERROR=1 programs tests
	$(MAKE) VARIANT=lint-clang CC=clang WERROR=1 programs tests
	@printf '%s\n' $(filter-out runtime/base/error.c,$(AGENT_SRC) $(VMINIT_SRC) $(LIB_SRC) $(KUBELET_SRC) $(APISERVER_SRC) $(WEB_SRC) $(CERT_SRC) $(IMAGER_SRC) $(CLI_SRC)) | xargs -r -n 4 -P "$$(nproc)" \
		clang-tidy --quiet -p . --extra-arg-before=-include --extra-arg-before=tests/analyzer.h --warnings-as-errors='*'
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		$(foreach s,missingIncludeSystem unknownMacro memleak resourceLeak ctuuninitvar varFuncNullUB,--suppress=$(s)) -D_GNU_SOURCE -Iruntime -Inetemu netemu runtime
	@git ls-files -z scripts .ci tests | xargs -0 -r grep -lZE '^#!.*\b(ba)?sh\b' | xargs -0 -r shellcheck -x

json       = $(subst ",\",$(subst \,\\,$(subst ',,$(subst '",\",$(subst "',\",$(1))))))
compile_commands.json: Makefile $(ALL_SRC) ## for clangd and clang-tidy
	@{ sep='['; for f in $(ALL_SRC); do \
		printf '%s\n{"directory": "%s", "file": "%s", "command": "%s -Itests -c %s"}' \
			"$$sep" "$(CURDIR)" "$$f" $(call shquote,$(call json,$(COMPILE))) "$$f"; sep=,; \
	done; printf '\n]\n'; } >$@

# ---- the table of the README ----
readme: all ## writes the table of keys in README.md anew, from the program's own
	@tests/meta/readme.sh --update

# ---- install ----
BIN        = $(DESTDIR)$(PREFIX)/bin
LIBEXEC    = $(DESTDIR)$(PREFIX)/libexec/netemu
SHARE      = $(DESTDIR)$(PREFIX)/share
COMPLETION = $(SHARE)/bash-completion/completions
LABS      := $(patsubst topologies/%,%,$(wildcard topologies/*/* topologies/*.*))

install: all ## to PREFIX=/usr/local, below DESTDIR=
	install -D -m 755 build/netemu $(BIN)/netemu
	install -D -m 755 build/netemu-init $(LIBEXEC)/netemu-init
	@for p in $(notdir $(VMINIT) $(KUBELET) $(APISERVER) $(WEB) $(CERT) $(IMAGER)); do install -D -m 755 build/$$p $(LIBEXEC)/$$p || exit 1; done
	@for f in $(notdir $(wildcard build/graph/*)); do install -D -m 644 build/graph/$$f $(LIBEXEC)/graph/$$f || exit 1; done
	install -D -m 644 build/netemu.1 $(SHARE)/man/man1/netemu.1
	install -D -m 644 build/netemu.bash $(COMPLETION)/netemu
	@for f in $(LABS); do test -f topologies/$$f || continue; install -D -m $$(test -x topologies/$$f && echo 755 || echo 644) topologies/$$f $(SHARE)/netemu/topologies/$$f || exit 1; done

uninstall: ## removes what install put there, and nothing else
	rm -f $(BIN)/netemu $(SHARE)/man/man1/netemu.1 $(COMPLETION)/netemu
	rm -rf $(LIBEXEC) $(SHARE)/netemu

clean: ## removes build/
	rm -rf build compile_commands.json

help: ## this list
	@echo "netemu $(VERSION): make [TARGET] [CC=clang] [PREFIX=...] [DESTDIR=...] [CFLAGS=...]"
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' Makefile | while IFS=$$'\t' read -r t d; do printf '  %-22s %s\n' "$$t" "$$d"; done
