# SPDX-License-Identifier: Apache-2.0
# One Makefile for the whole tree.  `make help` lists what it can do.
#
#   BUILD=DIR   where everything that is made goes (default build)
#   WERROR=1    warnings are errors (as in CI and `make check`)
#   SAN=1       AddressSanitizer and UndefinedBehaviorSanitizer, linked dynamically

BUILD ?= build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -n 1)
PKG_CONFIG ?= pkg-config

LIBRARIES := libprotobuf-c libnghttp2 libuv libnfs libcap-ng
CPPFLAGS += -D_GNU_SOURCE -DCSICORE_VERSION='"$(VERSION)"' -Ilib -I$(BUILD)/gen
CFLAGS ?= -O2 -g
CSICORE_CFLAGS := -std=gnu11 -fPIE -fstack-protector-strong -fno-strict-aliasing -fvisibility=hidden \
	-ffunction-sections -fdata-sections -pthread \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	-Wformat=2 -Wundef -Wno-unused-parameter -Wno-missing-field-initializers
ifeq ($(WERROR),1)
CSICORE_CFLAGS += -Werror
endif
ifeq ($(SAN),1)
CSICORE_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
# libnfs decodes answers into structs that it aligns to four bytes.
$(BUILD)/obj/lib/storage/nfs%.o: CSICORE_CFLAGS += -fno-sanitize=alignment
PROGRAM_LINK := -pie
LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lpthread
else
CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# Static programs: the image is the program and nothing else.
# The linker warns that getaddrinfo and its like load NSS modules at run time; glibc has files and dns built in.
# Relocations are packed, to a tenth of their size, which glibc understands since 2.36; nobody unwinds the stack but
# debuggers, which have their tables beside the program.
PROGRAM_LINK := -static-pie -Wl,--no-warnings -Wl,-z,pack-relative-relocs
CSICORE_CFLAGS += -fno-asynchronous-unwind-tables -fno-unwind-tables
LIBS := $(patsubst -luv,-l:libuv_a.a,$(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)) -ldl -lrt -lpthread
endif
LDFLAGS += -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--gc-sections
CONTROLLER_LIBS := $(shell $(PKG_CONFIG) --libs jansson 2>/dev/null)
# Tests link dynamically: faster to link, and the sanitizers and valgrind see the libraries' symbols.
TEST_LIBS := $(CONTROLLER_LIBS) $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lpthread

PROTO_GEN := $(addprefix $(BUILD)/gen/,csi.pb-c google/protobuf/timestamp.pb-c google/protobuf/wrappers.pb-c \
	google/protobuf/descriptor.pb-c record.pb-c)
PROTO_HEADERS := $(PROTO_GEN:=.h)
PROTO_OBJECTS := $(patsubst $(BUILD)/gen/%,$(BUILD)/obj/gen/%.o,$(PROTO_GEN))

LIB_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard lib/*/*.c)) $(PROTO_OBJECTS)
CONTROLLER_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard controller/*.c))
NODE_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard node/*.c))

PROGRAMS := $(BUILD)/csi-controller $(BUILD)/csi-node

all: $(PROGRAMS) $(BUILD)/libcsicore.a ## build the two programs and the library

$(BUILD)/libcsicore.a: $(LIB_OBJECTS)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/csi-controller: $(CONTROLLER_OBJECTS)
$(BUILD)/csi-controller: LIBS += $(CONTROLLER_LIBS)
$(BUILD)/csi-node: $(NODE_OBJECTS)

# What is shipped is small; what a debugger wants lies beside it and is found through the debug link.
$(PROGRAMS): $(BUILD)/libcsicore.a
	$(CC) $(PROGRAM_LINK) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcsicore.a $(LIBS)
ifneq ($(SAN),1)
	objcopy --only-keep-debug $@ $@.debug
	objcopy --strip-all --add-gnu-debuglink=$@.debug $@
endif

$(BUILD)/obj/%.o: %.c | $(PROTO_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CSICORE_CFLAGS) -MMD -MP -c -o $@ $<

# A program's own headers are named with their folder: "node/target.h".
$(BUILD)/obj/controller/%.o $(BUILD)/obj/node/%.o: CPPFLAGS += -I.

# Generated code is not ours to keep free of warnings.
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(PROTO_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CSICORE_CFLAGS) -w -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: proto/%.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(BUILD)/gen -Iproto $<

$(BUILD)/gen/google/protobuf/%.pb-c.c $(BUILD)/gen/google/protobuf/%.pb-c.h &: /usr/include/google/protobuf/%.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(BUILD)/gen -I/usr/include $<

install: all ## install the programs, the library and the man pages under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/sbin
	install -m 0644 $(BUILD)/libcsicore.a $(DESTDIR)$(PREFIX)/lib
	install -m 0644 docs/csi-controller.8 docs/csi-node.8 $(DESTDIR)$(PREFIX)/share/man/man8

clean: ## remove everything that was built
	rm -rf $(BUILD) compile_commands.json

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 20

include test/check.mk

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.PHONY: all install clean help
.DELETE_ON_ERROR:
