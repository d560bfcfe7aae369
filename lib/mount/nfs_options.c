/* SPDX-License-Identifier: Apache-2.0 */
/* One table says what becomes of each word that is not simply handed to the kernel. */
#include "mount/nfs_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/status.h"

enum action {
	TO_KERNEL, /* the default: a key of the NFS client */
	DROP,      /* of fstab and mount(8), or set by the driver; nothing for the kernel */
	REFUSE,    /* would make it another mount than the volume */
	SET_ATTRIBUTE,
	CLEAR_ATTRIBUTE,
	ATIME,         /* replaces how access times are kept */
	VERSION,       /* vers=4.1 */
	VERSION_WORD,  /* v4.1 */
	MINOR_VERSION, /* minorversion=1 */
};

struct word {
	const char *name;
	enum action action;
	uint64_t attribute;
};

static const struct word words[] = {
	{"ro", SET_ATTRIBUTE, MOUNT_ATTR_RDONLY},
	{"rw", CLEAR_ATTRIBUTE, MOUNT_ATTR_RDONLY},
	{"nosuid", SET_ATTRIBUTE, MOUNT_ATTR_NOSUID},
	{"suid", CLEAR_ATTRIBUTE, MOUNT_ATTR_NOSUID},
	{"nodev", SET_ATTRIBUTE, MOUNT_ATTR_NODEV},
	{"dev", CLEAR_ATTRIBUTE, MOUNT_ATTR_NODEV},
	{"noexec", SET_ATTRIBUTE, MOUNT_ATTR_NOEXEC},
	{"exec", CLEAR_ATTRIBUTE, MOUNT_ATTR_NOEXEC},
	{"nodiratime", SET_ATTRIBUTE, MOUNT_ATTR_NODIRATIME},
	{"diratime", CLEAR_ATTRIBUTE, MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", SET_ATTRIBUTE, MOUNT_ATTR_NOSYMFOLLOW},
	{"symfollow", CLEAR_ATTRIBUTE, MOUNT_ATTR_NOSYMFOLLOW},
	{"noatime", ATIME, MOUNT_ATTR_NOATIME},
	{"strictatime", ATIME, MOUNT_ATTR_STRICTATIME},
	{"relatime", ATIME, MOUNT_ATTR_RELATIME},
	{"atime", ATIME, MOUNT_ATTR_RELATIME},
	{"norelatime", ATIME, MOUNT_ATTR_RELATIME},
	{"nostrictatime", ATIME, MOUNT_ATTR_RELATIME},
	{"vers", VERSION, 0},
	{"nfsvers", VERSION, 0},
	{"v2", VERSION_WORD, 0},
	{"v3", VERSION_WORD, 0},
	{"v4", VERSION_WORD, 0},
	{"v4.0", VERSION_WORD, 0},
	{"v4.1", VERSION_WORD, 0},
	{"v4.2", VERSION_WORD, 0},
	{"minorversion", MINOR_VERSION, 0},
	{"addr", DROP, 0},
	{"_netdev", DROP, 0},
	{"_rnetdev", DROP, 0},
	{"auto", DROP, 0},
	{"bg", DROP, 0},
	{"comment", DROP, 0},
	{"defaults", DROP, 0},
	{"fg", DROP, 0},
	{"group", DROP, 0},
	{"noauto", DROP, 0},
	{"nofail", DROP, 0},
	{"nogroup", DROP, 0},
	{"noowner", DROP, 0},
	{"nouser", DROP, 0},
	{"nousers", DROP, 0},
	{"owner", DROP, 0},
	{"retry", DROP, 0},
	{"silent", DROP, 0},
	{"loud", DROP, 0},
	{"user", DROP, 0},
	{"users", DROP, 0},
	{"bind", REFUSE, 0},
	{"rbind", REFUSE, 0},
	{"move", REFUSE, 0},
	{"remount", REFUSE, 0},
	{"loop", REFUSE, 0},
	{"source", REFUSE, 0},
};

struct parser {
	struct arena *arena;
	struct nfs_options *options;
	const char *minor; /* of minorversion=; NULL where not written */
};

static struct word find_word(const char *key)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].name, key) == 0)
			return words[i];
	}
	/* "x-systemd.automount" and its like are notes to other programs. */
	if (strncmp(key, "x-", 2) == 0 || strncmp(key, "X-", 2) == 0)
		return (struct word){key, DROP, 0};
	return (struct word){key, TO_KERNEL, 0};
}

static int add_for_kernel(struct parser *p, const struct nfs_option *option, struct status *st)
{
	struct nfs_options *options = p->options;

	if (options->count == NFS_OPTIONS_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "more than %d mount options", NFS_OPTIONS_MAX);
	if (strcmp(option->key, "sec") == 0)
		options->has_security = true;
	if (option->value && strcmp(option->key, "proto") == 0)
		options->wants_ipv6 = option->value[0] && option->value[strlen(option->value) - 1] == '6';
	options->items[options->count++] = *option;
	return 0;
}

static int need_value(const struct nfs_option *option, struct status *st)
{
	if (option->value && option->value[0])
		return 0;
	return status_set(st, STATUS_INVALID_ARGUMENT, "mount option \"%s\" needs a value", option->key);
}

static int apply(struct parser *p, const struct nfs_option *option, struct status *st)
{
	struct nfs_options *options = p->options;
	struct word word = find_word(option->key);

	switch (word.action) {
	case DROP:
		return 0;
	case REFUSE:
		return status_set(st, STATUS_INVALID_ARGUMENT, "mount option \"%s\" is not possible for a volume",
				  option->key);
	case SET_ATTRIBUTE:
		options->attributes.flags |= word.attribute;
		return 0;
	case CLEAR_ATTRIBUTE:
		options->attributes.flags &= ~word.attribute;
		return 0;
	case ATIME:
		options->attributes.flags = (options->attributes.flags & ~(uint64_t)MOUNT_ATTR__ATIME) | word.attribute;
		options->attributes.has_atime = true;
		return 0;
	case VERSION:
		options->version = option->value;
		return need_value(option, st);
	case VERSION_WORD:
		options->version = option->key + 1;
		return 0;
	case MINOR_VERSION:
		p->minor = option->value;
		return need_value(option, st);
	case TO_KERNEL:
		break;
	}
	return add_for_kernel(p, option, st);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Copies length bytes without the quotes in them; NULL where the copy would take more than size bytes. */
static char *unquote(struct arena *arena, const char *text, size_t length, size_t size)
{
	while (length > 0 && is_space(*text)) {
		text++;
		length--;
	}
	while (length > 0 && is_space(text[length - 1]))
		length--;
	char *copy = arena_alloc(arena, length + 1);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '"')
			copy[used++] = text[i];
	}
	copy[used] = '\0';
	return used < size ? copy : NULL;
}

/* The bytes up to the next comma outside quotes; -1 where a quote stays open. */
static int option_length(const char *text, size_t *ret_length, struct status *st)
{
	bool is_quoted = false;
	size_t length = 0;

	for (; text[length] && (is_quoted || text[length] != ','); length++) {
		if (text[length] == '"')
			is_quoted = !is_quoted;
		else if ((unsigned char)text[length] < ' ' && text[length] != '\t')
			return status_set(st, STATUS_INVALID_ARGUMENT, "a mount option holds a control character");
	}
	if (is_quoted)
		return status_set(st, STATUS_INVALID_ARGUMENT, "a quote in the mount options is not closed");
	*ret_length = length;
	return 0;
}

static int parse_one(struct parser *p, const char *text, size_t length, struct status *st)
{
	const char *equals = memchr(text, '=', length);
	size_t key_length = equals ? (size_t)(equals - text) : length;
	struct nfs_option option = {.key = unquote(p->arena, text, key_length, NFS_OPTION_KEY_BYTES)};

	if (!option.key)
		return status_set(st, STATUS_INVALID_ARGUMENT, "a mount option's name is longer than %d bytes",
				  NFS_OPTION_KEY_BYTES - 1);
	if (!option.key[0]) {
		if (equals)
			return status_set(st, STATUS_INVALID_ARGUMENT, "a mount option has a value but no name");
		return 0;
	}
	if (equals) {
		option.value = unquote(p->arena, equals + 1, length - key_length - 1, NFS_OPTION_VALUE_BYTES);
		if (!option.value)
			return status_set(st, STATUS_INVALID_ARGUMENT,
					  "the value of mount option \"%s\" is longer than %d bytes", option.key,
					  NFS_OPTION_VALUE_BYTES - 1);
	}
	return apply(p, &option, st);
}

static int parse_text(struct parser *p, const char *text, struct status *st)
{
	while (*text) {
		size_t length = 0;

		if (option_length(text, &length, st) < 0 || parse_one(p, text, length, st) < 0)
			return -1;
		text += length;
		text += *text == ',';
	}
	return 0;
}

/* nfsvers=4,minorversion=1 is the old spelling of vers=4.1. */
static int join_minor_version(struct parser *p, struct status *st)
{
	struct nfs_options *options = p->options;

	if (!p->minor)
		return 0;
	if (!options->version || strcmp(options->version, "4") == 0) {
		options->version = arena_printf(p->arena, "4.%s", p->minor);
		return 0;
	}
	return status_set(st, STATUS_INVALID_ARGUMENT, "mount option \"minorversion\" does not go with NFS version %s",
			  options->version);
}

int nfs_options_parse(struct arena *arena, const char *const *texts, size_t count, struct nfs_options *ret,
		      struct status *st)
{
	struct nfs_options options = {.items = arena_calloc(arena, NFS_OPTIONS_MAX, sizeof(*options.items))};
	struct parser parser = {.arena = arena, .options = &options};
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		bytes += strlen(texts[i]);
		if (bytes > NFS_OPTIONS_TEXT_BYTES)
			return status_set(st, STATUS_INVALID_ARGUMENT, "mount options longer than %d bytes",
					  NFS_OPTIONS_TEXT_BYTES);
	}
	for (size_t i = 0; i < count; i++) {
		if (parse_text(&parser, texts[i], st) < 0)
			return -1;
	}
	if (join_minor_version(&parser, st) < 0)
		return -1;
	*ret = options;
	return 0;
}
