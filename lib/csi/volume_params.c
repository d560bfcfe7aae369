/* SPDX-License-Identifier: Apache-2.0 */
/* One table of parameter keys serves all kinds of parameters; what a row does is a small function. */
#include "csi/volume_params.h"

#include <string.h>
#include <strings.h>

#include "base/parse.h"
#include "base/path.h"
#include "base/status.h"
#include "base/strbuf.h"

#define SUB_DIR_BYTES_MAX 4096       /* with the templates resolved: PATH_MAX */
#define OWNER_ID_MAX INT32_MAX       /* csi-driver-nfs's bound on uid and gid */
#define PARAMETERS_BYTES_MAX 4096    /* CSI's limit on a map */
#define MOUNT_OPTIONS_BYTES_MAX 4096 /* CSI's limit on the mount flags of a volume */

/* What one parse works on. */
struct reading {
	struct arena *arena;
	enum volume_params_kind kind;
	struct volume_params *params;
	const char *sub_dir_template;
};

typedef int read_value(struct reading *r, const struct string_pair *pair, struct status *st);

static int read_server(struct reading *r, const struct string_pair *pair, struct status *st)
{
	r->params->server = pair->value;
	return 0;
}

static int read_share(struct reading *r, const struct string_pair *pair, struct status *st)
{
	r->params->share = pair->value;
	return 0;
}

static int read_sub_dir(struct reading *r, const struct string_pair *pair, struct status *st)
{
	r->params->sub_dir_key = pair->key;
	r->sub_dir_template = pair->value;
	return 0;
}

static int read_on_delete(struct reading *r, const struct string_pair *pair, struct status *st)
{
	if (on_delete_parse(pair->value, &r->params->on_delete) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid value %s for OnDelete, supported values are delete, retain and archive",
				  pair->value);
	r->params->on_delete_text = pair->value;
	return 0;
}

static int read_mount_permissions(struct reading *r, const struct string_pair *pair, struct status *st)
{
	if (pair->value[0] == '\0')
		return 0;
	if (parse_u32(pair->value, 8, 07777, &r->params->mount_permissions) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "invalid mountPermissions %s%s", pair->value,
				  r->kind == VOLUME_PARAMS_CLASS ? " in storage class" : "");
	r->params->has_mount_permissions = true;
	return 0;
}

static int read_uid(struct reading *r, const struct string_pair *pair, struct status *st)
{
	if (parse_u32(pair->value, 10, OWNER_ID_MAX, &r->params->uid) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "invalid uid %s", pair->value);
	return 0;
}

static int read_gid(struct reading *r, const struct string_pair *pair, struct status *st)
{
	if (parse_u32(pair->value, 10, OWNER_ID_MAX, &r->params->gid) < 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "invalid gid %s", pair->value);
	return 0;
}

static int read_mount_options(struct reading *r, const struct string_pair *pair, struct status *st)
{
	bool is_bad = strlen(pair->value) > MOUNT_OPTIONS_BYTES_MAX || strpbrk(pair->value, "\n\r");
	if (is_bad && r->kind == VOLUME_PARAMS_MUTABLE)
		return status_set(st, STATUS_INVALID_ARGUMENT,
				  "invalid mountOptions: they hold a line break or are longer than %d bytes",
				  MOUNT_OPTIONS_BYTES_MAX);
	r->params->mount_options = pair->value;
	return 0;
}

static int read_pvc_name(struct reading *r, const struct string_pair *pair, struct status *st)
{
	r->params->pvc_name = pair->value;
	return 0;
}

static int read_pvc_namespace(struct reading *r, const struct string_pair *pair, struct status *st)
{
	r->params->pvc_namespace = pair->value;
	return 0;
}

static int read_pv_name(struct reading *r, const struct string_pair *pair, struct status *st)
{
	r->params->pv_name = pair->value;
	return 0;
}

enum { IN_CLASS = 1, IN_ATTRIBUTES = 2, IN_BOTH = 3, IN_MUTABLE = 4, IN_ALL = 7 };

static const struct param {
	const char *key;
	unsigned where; /* elsewhere the key is unknown */
	read_value *read;
} table[] = {
	{"server", IN_BOTH, read_server},
	{"share", IN_BOTH, read_share},
	{"subDir", IN_BOTH, read_sub_dir},
	{"onDelete", IN_CLASS | IN_MUTABLE, read_on_delete},
	{"mountPermissions", IN_ALL, read_mount_permissions},
	{"uid", IN_ALL, read_uid},
	{"gid", IN_ALL, read_gid},
	{"mountOptions", IN_ATTRIBUTES | IN_MUTABLE, read_mount_options},
	{"csi.storage.k8s.io/pvc/name", IN_BOTH, read_pvc_name},
	{"csi.storage.k8s.io/pvc/namespace", IN_BOTH, read_pvc_namespace},
	{"csi.storage.k8s.io/pv/name", IN_BOTH, read_pv_name},
};

static const struct param *find_param(const char *key, enum volume_params_kind kind)
{
	static const unsigned places[] = {
		[VOLUME_PARAMS_CLASS] = IN_CLASS,
		[VOLUME_PARAMS_ATTRIBUTES] = IN_ATTRIBUTES,
		[VOLUME_PARAMS_MUTABLE] = IN_MUTABLE,
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if ((table[i].where & places[kind]) && strcasecmp(table[i].key, key) == 0)
			return &table[i];
	return NULL;
}

/* Replaces the three known templates in one pass; a template without a value, and any other, stays as it is written. */
static int resolve_templates(struct reading *r, const char **ret_text, struct status *st)
{
	const struct {
		const char *text;
		const char *value;
	} templates[] = {
		{"${pvc.metadata.name}", r->params->pvc_name},
		{"${pvc.metadata.namespace}", r->params->pvc_namespace},
		{"${pv.metadata.name}", r->params->pv_name},
	};
	struct strbuf text;
	strbuf_init(&text, SUB_DIR_BYTES_MAX);
	for (const char *at = r->sub_dir_template; *at;) {
		size_t taken = 0;
		for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]) && taken == 0; i++) {
			size_t length = strlen(templates[i].text);
			if (templates[i].value && strncmp(at, templates[i].text, length) == 0) {
				(void)strbuf_puts(&text, templates[i].value); /* fullness is asked once below */
				taken = length;
			}
		}
		if (taken == 0)
			(void)strbuf_putc(&text, *at);
		at += taken ? taken : 1;
	}
	if (text.is_full) {
		strbuf_release(&text);
		return status_set(st, STATUS_INVALID_ARGUMENT, "invalid subDir: longer than %d bytes",
				  SUB_DIR_BYTES_MAX);
	}
	*ret_text = arena_strdup(r->arena, strbuf_text(&text));
	strbuf_release(&text);
	return 0;
}

static int check_paths(struct reading *r, struct status *st)
{
	struct path ignored;
	if (path_split(r->arena, "share", r->params->share, &ignored, st) < 0)
		return -1;
	/* An empty subDir is an absent one, as in csi-driver-nfs; one that a template made empty is not. */
	if (!r->sub_dir_template || r->sub_dir_template[0] == '\0')
		return 0;
	const char *sub_dir = NULL;
	if (resolve_templates(r, &sub_dir, st) < 0 || path_split(r->arena, "subDir", sub_dir, &ignored, st) < 0)
		return -1;
	r->params->sub_dir = sub_dir;
	return 0;
}

bool volume_params_is_metadata(const char *key)
{
	static const char prefix[] = "csi.storage.k8s.io/";
	return strncasecmp(key, prefix, sizeof(prefix) - 1) == 0;
}

int volume_params_check_size(const char *what, const struct string_pair *pairs, size_t count, struct status *st)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += strlen(pairs[i].key) + strlen(pairs[i].value);
	if (bytes > PARAMETERS_BYTES_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "%s are longer than %d bytes", what,
				  PARAMETERS_BYTES_MAX);
	return 0;
}

int volume_params_parse(struct arena *arena, enum volume_params_kind kind, const struct string_pair *pairs,
			size_t count, struct volume_params *ret, struct status *st)
{
	struct volume_params params = {
		.server = "",
		.share = "",
		.on_delete_text = "",
		.uid = VOLUME_PARAMS_KEEP_ID,
		.gid = VOLUME_PARAMS_KEEP_ID,
	};
	struct reading r = {.arena = arena, .kind = kind, .params = &params};
	for (size_t i = 0; i < count; i++) {
		const struct param *param = find_param(pairs[i].key, kind);
		if (!param && kind == VOLUME_PARAMS_CLASS)
			return status_set(st, STATUS_INVALID_ARGUMENT, "invalid parameter \"%s\" in storage class",
					  pairs[i].key);
		if (!param && kind == VOLUME_PARAMS_MUTABLE && !volume_params_is_metadata(pairs[i].key))
			return status_set(st, STATUS_INVALID_ARGUMENT, "invalid mutable parameter \"%s\"",
					  pairs[i].key);
		if (param && param->read(&r, &pairs[i], st) < 0)
			return -1;
	}
	if (kind == VOLUME_PARAMS_MUTABLE) {
		*ret = params;
		return 0;
	}
	if (params.server[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "server is a required parameter");
	if (kind == VOLUME_PARAMS_ATTRIBUTES && params.share[0] == '\0')
		return status_set(st, STATUS_INVALID_ARGUMENT, "share is a required parameter");
	if (check_paths(&r, st) < 0)
		return -1;
	*ret = params;
	return 0;
}

int on_delete_parse(const char *text, enum on_delete *ret)
{
	static const struct {
		const char *text;
		enum on_delete policy;
	} policies[] = {
		{"", ON_DELETE_UNSET},
		{"delete", ON_DELETE_DELETE},
		{"retain", ON_DELETE_RETAIN},
		{"archive", ON_DELETE_ARCHIVE},
	};
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcasecmp(policies[i].text, text) == 0) {
			*ret = policies[i].policy;
			return 0;
		}
	}
	return -1;
}
