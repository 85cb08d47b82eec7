# tocsin
#
#   make               builds everything under build/ (installs nothing)
#   make deps          installs the packages that building and the tests need, after saying which
#   make demo          installs what is missing, builds, runs the three scenes; KEEP=1 leaves them up
#   make demo-stop     ends what KEEP=1 left running
#   make check         installs what is missing, builds, runs every test; ends with "N passed, N failed"
#   make attack        runs every attack, floods too, against real daemons; ends with "N passed, N failed"
#   make playbooks     lints and tests every stock playbook; ends with "N passed, N failed"
#   make crash-sweep   kills every process at every durable write, in three scenes (about half an hour)
#   make bench         measures tocsin beside this machine's limits
#   make op-faults     every op, and each of its system calls fails once by every plausible error; OP=file.remove only that
#   make sim           lives through SEEDS (20000) simulated sites with faults; make sim-mutants shows that it finds bugs
#   make grammar       holds a second reader of the documents against ours, on COUNT (10^7) of them from one SEED
#   make fuzz          fuzzes every decoder with libFuzzer, SECONDS=60 each; make fuzz-NOUN only tests/fuzz/fuzz_NOUN.c
#   make docs          makes docs/OPS.md from the op table
#   make lint          looks at every file; make format lays the C out
#   make cover         says how much of each folder the tests reach, and fails where a branch of keys/ is not
#   make install       copies programs, playbooks and pages to DESTDIR/usr; make clean
#
#   SANITIZE=address,undefined   builds under build/sanitized/ and tests that
#   V=1                          shows commands

B       := $(if $(SANITIZE),build/sanitized,build)
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef \
           -Wwrite-strings -Wconversion -Wno-sign-conversion $(if $(CI),-Werror)
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
           $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
SAN     := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all -DTOCSIN_SANITIZED)
ALLFLAGS = -std=gnu17 -D_GNU_SOURCE -I. $(CFLAGS) $(WARN) $(HARDEN) $(SAN) \
           -isystem /usr/include/lua5.4
LDFLAGS += -pie -Wl,-z,relro,-z,now,--as-needed $(SAN)
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

FOLDERS := common keys wire lua broker worker cli sidecars
sources  = $(filter-out %_main.c,$(wildcard $(1)/*.c $(1)/*/*.c))
archives = $(patsubst %,$(B)/lib%.a,$(1))
BASE    := wire keys common

# program: its main file, its own folders, the libraries it may use
PROGRAMS := bin/tocsin bin/tocsin-broker bin/tocsin-worker bin/tocsin-source bin/tocsin-timekeeper libexec/tocsin/catalog \
            libexec/tocsin/notifier libexec/tocsin/mailer \
            libexec/tocsin/link libexec/tocsin/judge libexec/tocsin/spawner libexec/tocsin/effector \
            libexec/tocsin/ops-capture libexec/tocsin/ops-device libexec/tocsin/ops-firewall libexec/tocsin/ops-http libexec/tocsin/ops-journal libexec/tocsin/ops-lldp libexec/tocsin/ops-net \
            libexec/tocsin/ops-postgres libexec/tocsin/ops-smart libexec/tocsin/ops-systemd libexec/tocsin/ops-snmp libexec/tocsin/ops-tls
MAIN_tocsin        := cli/tocsin_main      cli lua $(BASE)
LIBS_tocsin        := -lczmq -lzmq -llua5.4 -lseccomp -lsmartcols -ljansson -lgit2 -lsodium -lnettle
MAIN_tocsin-broker := broker/broker_main   broker $(BASE)
# Sanitizers bring an allocator of their own.
LIBS_tocsin-broker := $(if $(SANITIZE),,-ljemalloc) -lczmq -lzmq -lmicrohttpd -ljansson -lsqlite3 -lsodium -lnettle
MAIN_catalog       := broker/catalog_main  broker $(BASE)
LIBS_catalog       := -lgit2 -lseccomp -lsodium -lnettle
MAIN_notifier      := broker/notifier_main broker $(BASE)
LIBS_notifier      := -lcurl -ljansson -lseccomp -lsodium -lnettle
MAIN_mailer        := broker/mailer_main   broker $(BASE)
LIBS_mailer        := -lsodium -lnettle
MAIN_tocsin-source := sidecars/source_main sidecars $(BASE)
LIBS_tocsin-source := -lmicrohttpd -lcurl -ljansson -lseccomp -lsodium -lnettle
MAIN_tocsin-timekeeper := sidecars/timekeeper_main sidecars $(BASE)
LIBS_tocsin-timekeeper := -lczmq -lzmq -lseccomp -lsodium -lnettle
MAIN_tocsin-worker := worker/worker_main   worker $(BASE)
LIBS_tocsin-worker := -lsodium -lnettle
MAIN_link          := worker/link_main     worker $(BASE)
LIBS_link          := -lzmq -lseccomp -lsodium -lnettle
MAIN_judge         := worker/judge_main    worker $(BASE)
LIBS_judge         := -lsqlite3 -lseccomp -lsodium -lnettle
MAIN_spawner       := worker/spawner_main  worker lua $(BASE)
LIBS_spawner       := -llua5.4 -lseccomp -lsodium -lnettle -lm
# A runner is a copy of it: without libraries beside it a step costs two thirds.
LINK_spawner       := $(if $(SANITIZE),,-static-pie)
MAIN_effector      := worker/effector_main worker $(BASE)
LIBS_effector      := -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-capture   := worker/ops_capture_main worker $(BASE)
LIBS_ops-capture   := -lpcap -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-device    := worker/ops_device_main worker $(BASE)
LIBS_ops-device    := -lssh -ljansson -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-firewall  := worker/ops_firewall_main worker $(BASE)
LIBS_ops-firewall  := -ljansson -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-http      := worker/ops_http_main worker $(BASE)
LIBS_ops-http      := -lcurl -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-journal   := worker/ops_journal_main worker $(BASE)
LIBS_ops-journal   := -lsystemd -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-lldp      := worker/ops_lldp_main worker $(BASE)
LIBS_ops-lldp      := -ljansson -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-net       := worker/ops_net_main worker $(BASE)
LIBS_ops-net       := -loping -lcares -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-postgres  := worker/ops_postgres_main worker $(BASE)
LIBS_ops-postgres  := -lpq -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-smart     := worker/ops_smart_main worker $(BASE)
LIBS_ops-smart     := -ljansson -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-snmp      := worker/ops_snmp_main worker $(BASE)
LIBS_ops-snmp      := -lnetsnmp -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-systemd   := worker/ops_systemd_main worker $(BASE)
LIBS_ops-systemd   := -lsystemd -lmnl -lseccomp -lsodium -lnettle
MAIN_ops-tls       := worker/ops_tls_main worker $(BASE)
LIBS_ops-tls       := -lgnutls -lmnl -lseccomp -lsodium -lnettle
LIBS_test          := -lcmocka -lczmq -lzmq -lmicrohttpd -ljansson -lsqlite3 -lgit2 -llua5.4 -lmnl -lseccomp -lsmartcols -lgnutls -lpq -lsodium -lnettle

TESTS   := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
SIM     := $(patsubst %.c,$(B)/%.o,$(filter-out %/mutants.c,$(wildcard tests/sim/*.c)))
SIMWRAP := nettle_sha256_init nettle_sha256_update nettle_sha256_digest crypto_hash_sha512 \
           crypto_sign_seed_keypair crypto_sign_detached crypto_sign_verify_detached crypto_core_ed25519_is_valid_point \
           sodium_memcmp open close read write fsync fdatasync ftruncate fallocate flock fchmod mkdir access unlink rename \
           opendir readdir closedir scandir ledger_commit ledger_put_part ledger_put_effect ledger_put_receipt \
           $(foreach noun,root people fleet release order grant alert receipt consent stop resume manifest,$(noun)_decode $(noun)_destroy) \
           signature_next signature_decode_by
FAULTS  := $(B)/tests/unit/test_op_faults $(B)/tests/unit/test_op_faults_units
SCARCE  := malloc calloc realloc reallocarray strdup sodium_malloc fstat read scandir
LINKSIM  = $(LDFLAGS) $(SIMWRAP:%=-Wl,--wrap=%)
GRAMMAR := $(patsubst %.c,$(B)/%.o,$(wildcard tests/grammar/*.c))
LIBS_sim := $(patsubst %,$(B)/lib%.a,worker broker wire keys common)
PRELOADS := tests/e2e/crash_point.c
TOOLS   := $(B)/tests/grammar/grammar $(B)/tests/sim/sim $(B)/tests/sim/mutants $(PRELOADS:%.c=$(B)/%.so) $(patsubst tests/%.c,$(B)/tests/%, \
           $(filter-out $(PRELOADS),$(wildcard tests/attack/*.c tests/bench/*.c tests/e2e/*.c)))

.PHONY: all tests deps check attack playbooks crash-sweep op-faults demo demo-stop bench fuzz grammar sim sim-mutants lint format docs cover install clean
.SECONDARY:
all: $(PROGRAMS:%=$(B)/%)
tests: $(TESTS) $(FUZZERS) $(TOOLS)

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -MMD -MP -c $< -o $@

$(B)/lua/prelude.o: lua/prelude.lua

define archive
$(B)/lib$(1).a: $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
	$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive,$(folder))))

define program
$(B)/$(1): $(B)/$(firstword $(MAIN_$(notdir $(1)))).o \
           $(call archives,$(wordlist 2,9,$(MAIN_$(notdir $(1)))))
	$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $(LDFLAGS) $(LINK_$(notdir $(1))) -o $$@ $$^ $(LIBS_$(notdir $(1)))
endef
$(foreach path,$(PROGRAMS),$(eval $(call program,$(path))))

$(B)/tests/%: $(B)/tests/%.o $(call archives,$(FOLDERS))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(if $(findstring /fuzz/,$@),$(B)/tests/fuzz/driver.o) \
	    $(if $(findstring /unit/,$@),$(B)/tests/unit/scratch.o) \
	    -Wl,--start-group $(call archives,$(FOLDERS)) -Wl,--end-group $(LIBS_test)
$(FUZZERS): $(B)/tests/fuzz/driver.o
$(TESTS): $(B)/tests/unit/scratch.o
$(TESTS): LDFLAGS += -Wl,--wrap=mkdtemp,--wrap=mkstemp
$(B)/tests/unit/test_scarcity: LDFLAGS += $(SCARCE:%=-Wl,--wrap=%)
$(B)/tests/unit/test_core_halt: LDFLAGS += -Wl,--wrap=hash_equal,--wrap=hash_compare
$(B)/tests/unit/test_netlink: LDFLAGS += -Wl,--wrap=mnl_socket_recvfrom

$(B)/tests/sim/sim: $(SIM) $(LIBS_sim)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINKSIM) -o $@ $(SIM) -Wl,--start-group $(LIBS_sim) -Wl,--end-group $(LIBS_test)

$(B)/tests/grammar/grammar: $(GRAMMAR) $(call archives,$(BASE))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(GRAMMAR) $(call archives,$(BASE)) -lsodium -lnettle

$(B)/tests/%.so: tests/%.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(CFLAGS) $(WARN) -fPIC -shared -o $@ $<

deps:
	$(Q)deploy/install-deps

check: deps
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/run $(B)

attack: deps
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/run $(B) attack

playbooks: $(B)/bin/tocsin
	$(Q)tests/run $(B) playbooks

crash-sweep: deps
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)$(if $(filter 0,$(shell id -u)),,sudo -E) tests/e2e/crash-sweep.sh $(B) full

op-faults: deps
	$(Q)$(MAKE) --no-print-directory all $(FAULTS)
	$(Q)for test in $(FAULTS); do $(if $(filter 0,$(shell id -u)),,sudo -E) $$test --all $(OP) || exit; done

demo: deps
	$(Q)$(MAKE) --no-print-directory all $(B)/tests/attack/enemy
	$(Q)deploy/demo/run $(if $(KEEP),--keep)

demo-stop:
	$(Q)deploy/demo/run --stop

bench: deps
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/bench/run $(B)

grammar: $(B)/tests/grammar/grammar
	$(Q)$< --count $(or $(COUNT),10000000) --seed $(or $(SEED),1)

sim: $(B)/tests/sim/sim
	$(Q)$< --seeds $(or $(SEEDS),20000)

sim-mutants: $(B)/tests/sim/sim $(B)/tests/sim/mutants
	$(Q)SIM_COMPILE='$(CC) $(ALLFLAGS)' SIM_LINK='$(CC) $(LINKSIM)' \
	    SIM_OBJECTS='$(SIM) -Wl,--start-group $(LIBS_sim) -Wl,--end-group $(LIBS_test)' $(B)/tests/sim/mutants $(B) $(MUTANT)

lint:
	$(Q)deploy/install-deps --lint
	$(Q)tests/lint $(B)

docs: $(B)/bin/tocsin
	$(Q)$< op list --markdown >docs/OPS.md

format:
	$(Q)clang-format -i $$(git ls-files '*.[ch]')

fuzz: $(patsubst tests/fuzz/fuzz_%.c,fuzz-%,$(wildcard tests/fuzz/fuzz_*.c))

fuzz-%:
	$(Q)deploy/install-deps --lint
	$(Q)tests/fuzz/run $* $(or $(SECONDS),60)

cover: deps
	$(Q)LDFLAGS=--coverage $(MAKE) --no-print-directory B=build/cover CFLAGS='-Og -g --coverage -DNDEBUG' HARDEN=-fPIE WARN= all tests
	$(Q)tests/cover build/cover

install: all
	$(Q)deploy/install "$(DESTDIR)" $(B)

clean:
	$(Q)rm -rf build

-include $(foreach folder,$(FOLDERS) tests,$(wildcard $(B)/$(folder)/*.d $(B)/$(folder)/*/*.d))
