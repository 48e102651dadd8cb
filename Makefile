# skiff: builds, tests, installs. `make help` explains every target.
#
# `make` builds build/skiff. BUILD=debug|release|asan|fuzz|coverage chooses a variant; each has a
# folder of its own, build/VARIANT. WERROR=1 makes warnings errors. What `configure` found is in
# build/config.mk; it is run when that is missing or older. A new .c file in src/ needs no line
# here. Every path is relative, so the tree may lie anywhere, also below a folder with spaces.

BUILD ?= release
V := build/$(BUILD)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# As many jobs as there are processors; a -j on the command line wins.
ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

# One short line a step; VERBOSE=1 shows the commands.
SAY = $(if $(VERBOSE),,@printf '  %-5s %s\n' $(1) $@ &&)

# `make deps run`: first install, then the rest in a make that reads the new configuration.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
-include build/config.mk
REST := $(filter-out deps,$(MAKECMDGOALS))
.PHONY: deps $(REST)
.NOTPARALLEL:
deps: ## install what is needed to build and test, with the system's package manager
	./configure --install-deps $(CONFIGURED_WITH)
$(REST): deps
	@+$(MAKE) --no-print-directory $@
else

ifneq ($(filter-out clean help format,$(or $(MAKECMDGOALS),all)),)
include build/config.mk
build/config.mk: configure
	./configure $(CONFIGURED_WITH)
endif

# --- flags ---------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla $(if $(filter 1,$(WERROR)),-Werror)
SANITIZERS := address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# What configure found holds for its compiler; make CC=... may name another.
LTO := $(if $(findstring x$(CONFIGURED_CC)x,x$(CC)x),$(LTO_FLAGS))
OPTIMISE.release := -O3 -fno-align-loops -fno-align-jumps -g $(LTO) -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fno-plt \
	-fno-asynchronous-unwind-tables -fno-unwind-tables
OPTIMISE.debug := -O0 -g3 -DSKIFF_DEBUG
OPTIMISE.asan := -O1 -g -DSKIFF_DEBUG -fsanitize=$(SANITIZERS)
OPTIMISE.fuzz := -O1 -g -DSKIFF_DEBUG -fsanitize=fuzzer-no-link,$(SANITIZERS)
OPTIMISE.coverage := -O0 -g --coverage
LINK.release := -Wl,-z,relro,-z,now
LINK.asan := -fsanitize=$(SANITIZERS)
LINK.fuzz := -fsanitize=$(SANITIZERS)
LINK.coverage := --coverage
$(if $(OPTIMISE.$(BUILD)),,$(error unknown BUILD=$(BUILD): debug, release, asan, fuzz or coverage))

CPPFLAGS := -D_GNU_SOURCE -Isrc -Itests -Ibuild $(LLHTTP_FLAGS)
COMPILE = $(CC) -std=gnu17 -fPIE -pthread -MMD -MP $(CPPFLAGS) $(OPTIMISE.$(BUILD)) $(CFLAGS)
# The binary is optimised as a whole; tests link in a tenth of the time without.
LINK = $(CC) -pie -pthread $(OPTIMISE.$(BUILD)) $(CFLAGS) $(LINK.$(BUILD)) $(LDFLAGS) -o $@
LIBS = $(LLHTTP_FLAGS) $(YAML_FLAGS)

# --- what is built from what -----------------------------------------------------------------------

BINARY := $(if $(filter release,$(BUILD)),build/skiff,$(V)/skiff)
OBJECTS := $(patsubst %.c,$(V)/%.o,$(wildcard src/*/*.c src/registry.c))
SUPPORT := $(patsubst %.c,$(V)/%.o,$(filter-out %/replay.c,$(wildcard tests/support/*.c)))
UNIT := $(patsubst %.c,$(V)/%,$(wildcard tests/unit/*/*_test.c))
LIFE := $(patsubst %.c,$(V)/%,$(wildcard tests/life/*_test.c))
WIRE_SOURCES := $(wildcard tests/wire/*.c)
WIRE := $(if $(WIRE_SOURCES),$(V)/tests/wire/runner)
# The same transcripts through the simulation, with its connections and threads, but the real disk.
SPLIT_SOURCES := $(wildcard tests/wire_split/*.c) $(filter-out %/runner.c %/line.c,$(WIRE_SOURCES))
SPLIT := $(V)/tests/wire_split/runner
FUZZ_NAMES := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
REPLAY := $(FUZZ_NAMES:%=$(V)/tests/fuzz/%_replay)
TEST_LIBRARIES = $(V)/libskiff.a $(V)/libsupport.a $(LLHTTP_OBJECTS)
# The simulation (tests/support/sim.c) has a disk of its own, so there the support comes first.
ARCHIVES = $(if $(findstring _sim_,$@),,$(V)/libskiff.a) $(V)/libsupport.a $(V)/libskiff.a $(LLHTTP_OBJECTS)
GENERATED := build/gen/mime_types.inc $(patsubst docs/%.in,build/gen/%_intro.inc,$(wildcard docs/*.in))
LLHTTP_OBJECTS := $(LLHTTP_SOURCES:%=$(V)/llhttp/%.o)
ifeq ($(LLHTTP_SSE42),1)
LLHTTP_OBJECTS += $(LLHTTP_SOURCES:%=$(V)/llhttp/sse42_%.o)
endif

.PHONY: all
all: $(BINARY) ## build the binary (build/skiff)

$(BINARY): $(V)/src/main.o $(OBJECTS) $(LLHTTP_OBJECTS)
	$(call SAY,LINK) $(LINK) $(filter %.o,$^) $(LIBS)

# What tests link: everything but main.c, and what tests share.
$(V)/libskiff.a: $(OBJECTS)
	@rm -f $@
	$(call SAY,AR) $(AR) rcs $@ $^
$(V)/libsupport.a: $(SUPPORT)
	@rm -f $@
	$(call SAY,AR) $(AR) rcs $@ $^

$(V)/%.o: %.c build/config.h Makefile | $(GENERATED)
	@mkdir -p $(@D)
	$(call SAY,CC) $(COMPILE) $(WARNINGS) -c -o $@ $<

# What runs at start and on a signal is built small; and so is the llhttp that only CPUs without
# SSE 4.2 run, where there are two.
COLD := $(wildcard src/main.c src/cli/*.c src/config/*.c src/process/*.c src/server/settings*.c)
$(COLD:%.c=$(V)/%.o): OPTIMISE.release := $(subst -O3,-Os,$(OPTIMISE.release))
ifeq ($(LLHTTP_SSE42),1)
$(LLHTTP_SOURCES:%=$(V)/llhttp/%.o): OPTIMISE.release := $(subst -O3,-Os,$(OPTIMISE.release))
endif

# Tests need no more, and at -O3 this compiler sees pointers dangle that do not.
$(V)/tests/%.o: OPTIMISE.release := $(subst -O3,-O2,$(OPTIMISE.release))

# What the commands say of this build; written only when it changes.
$(V)/src/cli/%.o: CPPFLAGS += -include build/gen/build.h
$(filter $(V)/src/cli/%,$(OBJECTS)): build/gen/build.h
build/gen/build.h: FORCE
	@mkdir -p $(@D)
	@commit=$$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown); \
	lines=$$(printf '#define %s "%s"\n' SKIFF_COMMIT "$$commit" SKIFF_SYSCONFDIR "$(sysconfdir)"); \
	[ "$$(cat $@ 2>/dev/null)" = "$$lines" ] || printf '%s\n' "$$lines" >$@

# Text to C string literals, a line each.
TO_LITERALS = sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $< >$@
build/gen/mime_types.inc: conf/mime.types
	@mkdir -p $(@D)
	$(call SAY,GEN) $(TO_LITERALS)
$(filter %_intro.inc,$(GENERATED)): build/gen/%_intro.inc: docs/%.in
	@mkdir -p $(@D)
	$(call SAY,GEN) $(TO_LITERALS)

# llhttp is not ours, so without our warnings; the second build's names begin with sse42_.
$(V)/llhttp/%.o: build/llhttp/%.c build/config.h Makefile
	@mkdir -p $(@D)
	$(call SAY,CC) $(COMPILE) -w -c -o $@ $<
$(V)/llhttp/sse42_%.o: build/llhttp/%.c build/config.h Makefile
	@mkdir -p $(@D)
	$(call SAY,CC) $(COMPILE) -w -msse4.2 -include build/sse42.h -c -o $@ $<

# --- running and documents ---------------------------------------------------------------------------

.PHONY: run docs manual
run: all docs ## build, and serve our documentation at http://127.0.0.1:8080/
	exec build/skiff serve build/site
docs: ## render README and docs/ to HTML in build/site
	docs/site/render build/site
manual: all ## write docs/manual.md anew from the option tables, docs/conformance.md from the wire tests
	$(BINARY) config manual >build/manual.md && mv build/manual.md docs/manual.md
	tests/wire/conformance >build/conformance.md && mv build/conformance.md docs/conformance.md

# --- tests -----------------------------------------------------------------------------------------

$(UNIT) $(LIFE): $(V)/%: $(V)/%.o
$(WIRE): $(WIRE_SOURCES:%.c=$(V)/%.o)
$(SPLIT): $(SPLIT_SOURCES:%.c=$(V)/%.o) $(V)/src/io/disk.o
$(UNIT) $(LIFE) $(WIRE) $(SPLIT): $(TEST_LIBRARIES)
	$(call SAY,LINK) $(LINK) -fno-lto $(filter %_test.o %/disk.o $(V)/tests/wire/% $(V)/tests/wire_split/%,$^) $(ARCHIVES) $(LIBS) $(CHECK_FLAGS)
$(REPLAY): $(V)/tests/fuzz/%_replay: $(V)/tests/fuzz/%_fuzz.o $(V)/tests/support/replay.o $(TEST_LIBRARIES)
	$(call SAY,LINK) $(LINK) -fno-lto $(filter %_fuzz.o %/replay.o,$^) $(ARCHIVES) $(LIBS)
$(FUZZ_NAMES:%=$(V)/%_fuzz): $(V)/%_fuzz: $(V)/tests/fuzz/%_fuzz.o $(TEST_LIBRARIES)
	$(call SAY,LINK) $(LINK) -fsanitize=fuzzer $< $(ARCHIVES) $(LIBS)

.PHONY: clients soak test unit wire life asan check fuzz fuzz-bins fuzz-replay coverage bench bench-quick bench-plots have-check
have-check:
	@[ "$(HAVE_CHECK)" = 1 ] || { echo "the tests need Check (Debian: check): run 'make deps'" >&2; exit 1; }
$(UNIT:=.o) $(LIFE:=.o) $(WIRE) $(SPLIT): | have-check

RUN_TESTS = SKIFF="$(CURDIR)/$(BINARY)" .ci/run-tests
test: all $(UNIT) $(SPLIT) $(WIRE) $(LIFE) ## all tests: unit, wire and life; ends in "N passed, M failed"
	@$(RUN_TESTS) $(SPLIT) $(UNIT) -- $(WIRE) $(LIFE)
unit: $(UNIT) ## the unit tests
	@$(RUN_TESTS) $(UNIT)
wire: all $(WIRE) $(SPLIT) ## transcripts of conversations: with the real binary, and simulated, cut at every byte
	@$(RUN_TESTS) $(SPLIT) -- $(WIRE)
life: all $(LIFE) ## start, stop, crash, reload, logs, against the real binary
	@$(RUN_TESTS) -- $(LIFE)
soak: all $(V)/tests/life/coherence_load_test ## a minute of every change to files under load: no answer is stale
	@CK_TIMEOUT_MULTIPLIER=10 SKIFF_SOAK_S=60 SKIFF="$(CURDIR)/$(BINARY)" $(V)/tests/life/coherence_load_test
clients: all ## real clients against the binary: curl, wget, aria2c, Chromium, HAProxy (all of them needed)
	@SKIFF="$(CURDIR)/$(BINARY)" tests/clients/run
asan: ## all tests under ASan and UBSan
	@+$(MAKE) --no-print-directory BUILD=asan test
check: all ## layers, lengths, headers, format, documents, fuzz corpora; ends in "N passed, M failed"
	@+CC="$(CC)" CPPFLAGS="$(CPPFLAGS)" .ci/check
fuzz-replay: $(REPLAY) ## feed the committed corpora to the fuzz targets (BUILD=asan: with sanitizers)
	@.ci/replay $(V)
fuzz: ## build the libFuzzer programs build/fuzz/WHAT_fuzz, with clang
	@+$(MAKE) --no-print-directory BUILD=fuzz CC=clang fuzz-bins
fuzz-bins: $(FUZZ_NAMES:%=$(V)/%_fuzz)
coverage: ## line coverage of src/ by unit, wire and life tests, a line a file
	@+$(MAKE) --no-print-directory BUILD=coverage all build-tests
	@.ci/coverage
bench: all ## measure against the servers installed, side by side; tables with ratios, text and JSON
	tests/bench/run
bench-quick: all ## the same in short, less exact
	tests/bench/run --quick
bench-plots: ## draw docs/plots/ from the last `make bench`
	tests/bench/plot
.PHONY: build-tests
build-tests: all $(UNIT) $(SPLIT) $(WIRE) $(LIFE)

# --- care --------------------------------------------------------------------------------------------

C_FILES := $(wildcard src/*.[ch] src/*/*.[ch] tests/*/*.[ch] tests/unit/*/*.[ch])
.PHONY: format format-check lint install uninstall clean help FORCE
format: ## let clang-format 14 lay out all C files
	$(shell command -v clang-format-14 || echo clang-format) -i $(C_FILES)
format-check: ## say which C files clang-format 14 would change
	@.ci/check format
lint: build/gen/build.h ## clang-tidy and cppcheck, where they are installed
	@CPPFLAGS="$(CPPFLAGS) -include build/gen/build.h" .ci/lint

BINDIR = $(DESTDIR)$(prefix)/bin
CONFDIR = $(DESTDIR)$(sysconfdir)/skiff
SHAREDIR = $(DESTDIR)$(datadir)/skiff
MANDIR = $(DESTDIR)$(datadir)/man/man8
install: all ## install binary, default configuration, MIME table and man page (DESTDIR, prefix, sysconfdir)
	install -d "$(BINDIR)" "$(CONFDIR)" "$(SHAREDIR)" "$(MANDIR)"
	install -m 755 $(BINARY) "$(BINDIR)/skiff"
	[ -e "$(CONFDIR)/skiff.yaml" ] || install -m 644 conf/skiff.yaml "$(CONFDIR)/skiff.yaml"
	install -m 644 conf/mime.types "$(SHAREDIR)/mime.types"
	install -m 644 docs/skiff.8 "$(MANDIR)/skiff.8"
uninstall: ## remove what install put there, except the configuration
	rm -f "$(BINDIR)/skiff" "$(SHAREDIR)/mime.types" "$(MANDIR)/skiff.8"
	-rmdir "$(SHAREDIR)"
clean: ## remove build/
	rm -rf build
help: ## this list
	@awk -F ': .*## |: ## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
FORCE:

-include $(shell find build -name '*.d' -path '$(V)/*' 2>/dev/null)
endif
