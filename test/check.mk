# SPDX-License-Identifier: Apache-2.0
# Tests, lint, demo and benchmark.  Included by the Makefile.

# ---- everything, on a machine that may have nothing installed yet
CHECK_SUITES := check-build lint check-docs check-unit check-proto check-contract check-nfs check-controller check-inspect check-kill check-clients check-h2spec \
	check-sanity check-fuzz asan check-guest

check: ## every test there is; installs what is missing
	@test/install-packages build check clients guest
	@test/install-go
	@BUILD=$(BUILD) WERROR=1 test/check $(CHECK_SUITES)

# Both compilers, warnings as errors; the second one's output goes beside the first one's.
check-build: ## build with gcc and with clang, warnings as errors
	@$(MAKE) -s -j2 WERROR=1 all $(UNIT_TESTS)
	@$(MAKE) -s -j2 WERROR=1 CC=clang-14 BUILD=$(BUILD)/clang all
	@echo "gcc and clang agree: no warnings"

check-docs: $(PROGRAMS) ## man pages and README against --help
	@test/docs/check_options.py $(BUILD)

lint: $(PROTO_HEADERS) ## house rules: layers, banned calls, format, headers that stand alone
	@test/lint/lint.py $(BUILD)

# Built in parallel, run one after another: the suites start servers and measure what they leave behind.
SANITIZED := check-unit check-contract check-nfs check-controller check-inspect check-clients check-sanity
asan: ## what runs on the host, under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) -s -j2 SAN=1 WERROR=1 BUILD=$(BUILD)/asan all $(UNIT_TESTS:$(BUILD)/%=$(BUILD)/asan/%)
	@$(MAKE) -s SAN=1 WERROR=1 BUILD=$(BUILD)/asan $(SANITIZED)
	@echo "sanitizers found nothing in: $(SANITIZED)"

# What editors and clang-tidy want to know: one entry a source file.
compile_commands.json: $(wildcard lib/*/*.c controller/*.c node/*.c test/unit/*/*.c test/support/*.c)
	@test/lint/compile_commands.py $(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(CFLAGS) $(CSICORE_CFLAGS) -- $^ >$@

# ---- unit tests: test/unit/X/test_Y.c mirrors lib/X/Y.c (X is controller or node for the programs' own modules)
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard test/unit/*/test_*.c))
# Helpers that several tests share: test/support/*.c
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/support/*.c))
TEST_CPPFLAGS := -Itest -I.

$(BUILD)/obj/test/%.o: CPPFLAGS += $(TEST_CPPFLAGS)
$(BUILD)/test/unit/controller/%: TEST_EXTRA = $(filter-out %/main.o,$(CONTROLLER_OBJECTS))
$(BUILD)/test/unit/node/%: TEST_EXTRA = $(filter-out %/main.o,$(NODE_OBJECTS)) $(BUILD)/obj/test/unit/node/fixture.o

.SECONDEXPANSION:
$(UNIT_TESTS): $(BUILD)/%: $(BUILD)/obj/%.o $$(TEST_EXTRA) $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS) -lcmocka

check-unit: $(UNIT_TESTS) ## unit tests (cmocka)
	@failed=0; for t in $(UNIT_TESTS); do $$t >$$t.log 2>&1 || { failed=1; echo "FAILED: $$t"; cat $$t.log; }; done; \
	grep -h '\[  PASSED  \]' $(UNIT_TESTS:=.log) | awk '{n+=$$4} END {print n+0 " unit tests passed"}'; exit $$failed

# ---- fuzz targets: test/fuzz/fuzz_X.c from corpus test/fuzz/corpus/X, with all code they call instrumented
FUZZ_RUNS ?= 20000
FUZZ_TARGETS := $(patsubst %.c,$(BUILD)/%,$(wildcard test/fuzz/fuzz_*.c))

check-fuzz: ## every fuzz target for FUZZ_RUNS inputs (needs clang-14)
	@if ! command -v clang-14 >/dev/null; then echo "SKIP check-fuzz: there is no clang-14"; else \
	$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD)/fuzz CC=clang-14 SAN=1 WERROR=0 \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" fuzz-run; fi

fuzz-run: $(FUZZ_TARGETS)
	@test/fuzz/run $(FUZZ_RUNS) $(BUILD) $^

$(FUZZ_TARGETS): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -fsanitize=fuzzer -pie $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

# Writes the seeds anew, after a change of their maker.
$(BUILD)/test/fuzz/make_http2_session_corpus: $(BUILD)/obj/test/fuzz/make_http2_session_corpus.o $(SUPPORT_OBJECTS) \
		$(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

fuzz-corpus: $(BUILD)/test/fuzz/make_http2_session_corpus ## make the recorded connections of test/fuzz/corpus
	@$< test/fuzz/corpus/http2_session

.PHONY: check-fuzz fuzz-run fuzz-corpus

# ---- the libnfs back end beside real servers: what they refuse, cost, and how they go away
$(BUILD)/test/nfs/nfs: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/nfs/*.c)) $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS) -lcmocka

check-nfs: $(BUILD)/test/nfs/nfs ## the libnfs back end beside nfs-ganesha
	@test/nfs/run $<

.PHONY: check-nfs

# ---- the contract of lib/storage/fs.h, over every back end
CONTRACT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/contract/*.c))
$(BUILD)/test/contract/contract: $(CONTRACT_OBJECTS) $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS) -lcmocka

check-contract: $(BUILD)/test/contract/contract ## the storage contract over memory, directories and NFS servers
	@test/contract/run $<

.PHONY: check-contract

# ---- csi-controller as a process, over an NFS server and a local directory
CONTROLLER_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard test/controller/*.c))
$(CONTROLLER_TESTS): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS) -lcmocka

check-controller: $(CONTROLLER_TESTS) $(BUILD)/csi-controller ## csi-controller over a real NFS server and a local directory
	@test/controller/run $(BUILD)/test/controller $(BUILD)/csi-controller

.PHONY: check-controller

check-inspect: $(BUILD)/csi-controller ## csi-controller inspect, over a directory and over NFS
	@test/inspect/run $<

.PHONY: check-inspect

# ---- the outside world: the official csi.proto (needs Go)
$(BUILD)/gen/csi.desc: proto/csi.proto
	@mkdir -p $(@D)
	protoc -Iproto -I/usr/include --include_imports --descriptor_set_out=$@ $<

check-proto: $(BUILD)/gen/csi.desc ## proto/csi.proto against the official CSI module
	@test/proto/run $<

$(BUILD)/test/clients/echo_server: $(BUILD)/obj/test/clients/echo_server.o $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

check-clients: $(BUILD)/test/clients/echo_server ## three gRPC clients against the echo server
	@test/clients/run $< $(BUILD)/test/clients

H2SPEC := $(BUILD)/bin/h2spec-2.2.1
$(H2SPEC):
	@mkdir -p $(@D)
	CGO_ENABLED=0 GOFLAGS=-mod=mod GOBIN=$(abspath $(@D)) \
		go install github.com/summerwind/h2spec/cmd/h2spec@v$(lastword $(subst -, ,$@))+incompatible
	mv $(@D)/h2spec $@

check-h2spec: $(BUILD)/test/clients/echo_server $(if $(shell command -v go),$(H2SPEC)) ## HTTP/2 and HPACK conformance (h2spec)
	@test/h2spec/run $< $(H2SPEC) $(BUILD)/test/h2spec

# The release that clients of CSI 1.12 are tested with, and that of CSI 1.13.
CSI_SANITY := $(addprefix $(BUILD)/bin/csi-sanity-,5.4.0 5.6.0)
$(CSI_SANITY):
	@mkdir -p $(@D)
	CGO_ENABLED=0 GOFLAGS=-mod=mod GOBIN=$(abspath $@).d \
		go install github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity@v$(lastword $(subst -, ,$@))
	mv $@.d/csi-sanity $@
	rmdir $@.d

check-sanity: $(PROGRAMS) $(if $(shell command -v go),$(CSI_SANITY)) ## csi-sanity against both programs on a local export
	@for suite in $(CSI_SANITY); do test/sanity/run $(BUILD) $$suite $(BUILD)/test/sanity || exit 1; done

# ---- benchmarks, no part of `check`
$(BUILD)/test/bench/wire: $(BUILD)/obj/test/bench/wire/wire.o $(BUILD)/obj/test/bench/wire/probe_load.o $(SUPPORT_OBJECTS) \
		$(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS)

$(BUILD)/test/bench/grpc-go: test/bench/wire/grpc-go/main.go test/go.sum
	cd test && GOFLAGS=-buildvcs=false CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(abspath $@) ./bench/wire/grpc-go

bench-wire: $(BUILD)/test/bench/wire $(BUILD)/test/bench/grpc-go $(PROGRAMS) ## what the wire layer costs, beside grpc-go
	@for program in $(PROGRAMS); do $< $$program $(BUILD)/test/bench/grpc-go || exit 1; done

$(BUILD)/test/bench/controller-bench: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/bench/controller/*.c)) \
		$(BUILD)/obj/test/bench/samples.o $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS)

bench-controller: $(BUILD)/test/bench/controller-bench $(BUILD)/csi-controller $(BUILD)/test/controller/many ## csi-controller beside the bare NFS requests
	@test/bench/controller/run $^

$(BUILD)/test/bench/tree: $(BUILD)/obj/test/bench/tree/tree.o $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS)

bench-tree: $(BUILD)/test/bench/tree ## removal of 10,000 files over NFS with 0.8 ms round trips, one by one and at once
	@test/bench/tree/run $<

.PHONY: check-clients check-h2spec check-sanity bench-wire bench-controller bench-tree

# ---- on a kernel NFS server and client: in a QEMU guest, or on this machine's own kernel (NATIVE=1; test/guest/run)
GUEST := $(BUILD)/guest
GUEST_RUN := test/guest/run -g $(GUEST)

guest: ## make the guest that demo, bench and check-guest boot (they make it themselves)
	@test/guest/build $(GUEST)

# Static, as the programs are: the guest has few libraries.
$(BUILD)/csi-bench: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/bench/*.c)) $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
$(BUILD)/csi-demo: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/demo/*.c)) $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
$(BUILD)/csi-bench $(BUILD)/csi-demo:
	$(CC) $(PROGRAM_LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

# The packages come first: without them the rest of this file cannot be made.
demo: ## one volume's life on a real kernel NFS mount, step by step
	@test/install-packages build
	@$(MAKE) --no-print-directory -s $(PROGRAMS) $(BUILD)/csi-demo
	@NATIVE=$(or $(NATIVE),auto) $(GUEST_RUN) -t 120 test/demo/in-guest $(PROGRAMS) $(BUILD)/csi-demo

# Linked dynamically, as Debian has no static cmocka; the guest has the libraries of these helpers, not of all.
GUEST_SUPPORT := csi_client grpc_client client_connection program mounts_seen fault_proxy
$(BUILD)/kernel_test: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/guest/*.c)) \
		$(GUEST_SUPPORT:%=$(BUILD)/obj/test/support/%.o) $(BUILD)/libcsicore.a
	$(CC) -pie $(LDFLAGS) -Wl,--as-needed -o $@ $^ $(TEST_LIBS) -lcmocka

# csi-sanity takes part where Go is there to build it.
check-guest: $(PROGRAMS) $(BUILD)/kernel_test $(if $(shell command -v go),$(CSI_SANITY)) ## the programs on kernel mounts
	@$(GUEST_RUN) -o $(BUILD)/guest-out test/guest/in-guest $(PROGRAMS) $(BUILD)/kernel_test \
		$(if $(shell command -v go),$(CSI_SANITY)) test/sanity/endpoints test/sanity/controller_options

bench: $(PROGRAMS) $(BUILD)/csi-bench ## the programs against bare mount calls and mount(8), NFS 3 to 4.2
	@$(GUEST_RUN) test/bench/in-guest $(PROGRAMS) $(BUILD)/csi-bench -- $(BENCH_OPTIONS)

.PHONY: guest demo check-guest bench check check-build lint asan check-unit check-proto
.SECONDARY:

# ---- csi-controller killed at every change that it makes to a share
$(BUILD)/test/kill/kill: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/kill/*.c)) $(SUPPORT_OBJECTS) $(BUILD)/libcsicore.a
	@mkdir -p $(@D)
	$(CC) -pie $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(TEST_LIBS)

check-kill: $(BUILD)/test/kill/kill $(BUILD)/csi-controller ## csi-controller killed at every change it makes
	@test/kill/run $^

.PHONY: check-kill
