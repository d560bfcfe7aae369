/* SPDX-License-Identifier: Apache-2.0 */
/* Entries are a list in the order of their positions, which is what makes a position a cookie that removals don't upset. */
#include "support/memory_tree.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

static int64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static struct memory_node *node_new(struct memory_tree *tree, enum fs_type type)
{
	struct memory_node *node = memory_calloc(1, sizeof(*node));
	node->references = 1;
	node->attr = (struct fs_attr){
		.type = type,
		.mode = type == FS_DIRECTORY ? 0755 : 0644,
		.link_count = type == FS_DIRECTORY ? 2 : 1,
		.file_id = ++tree->last_file_id,
		.mtime_ns = now_ns(),
	};
	return node;
}

struct memory_node *memory_node_ref(struct memory_node *node)
{
	node->references++;
	return node;
}

void memory_node_unref(struct memory_node *node)
{
	if (--node->references > 0)
		return;
	free(node->name);
	free(node->content);
	free(node);
}

void memory_tree_init(struct memory_tree *tree)
{
	*tree = (struct memory_tree){0};
	tree->root = node_new(tree, FS_DIRECTORY);
	tree->root->is_root = true;
}

void memory_tree_release(struct memory_tree *tree)
{
	while (tree->root->first)
		memory_tree_remove(tree->root->first);
	memory_node_unref(tree->root);
	tree->root = NULL;
}

static void link_last(struct memory_tree *tree, struct memory_node *dir, struct memory_node *node, const char *name)
{
	free(node->name);
	node->name = memory_strdup(name);
	node->position = ++tree->last_position;
	node->parent = dir;
	node->previous = dir->last;
	node->next = NULL;
	*(dir->last ? &dir->last->next : &dir->first) = node;
	dir->last = node;
	dir->attr.link_count += node->attr.type == FS_DIRECTORY;
	dir->attr.mtime_ns = now_ns();
}

static void unlink_node(struct memory_node *node)
{
	struct memory_node *dir = node->parent;
	*(node->previous ? &node->previous->next : &dir->first) = node->next;
	*(node->next ? &node->next->previous : &dir->last) = node->previous;
	dir->attr.link_count -= node->attr.type == FS_DIRECTORY;
	dir->attr.mtime_ns = now_ns();
	node->parent = node->previous = node->next = NULL;
}

struct memory_node *memory_tree_add(struct memory_tree *tree, struct memory_node *dir, const char *name,
				    enum fs_type type)
{
	struct memory_node *node = node_new(tree, type);
	link_last(tree, dir, node, name);
	return node;
}

struct memory_node *memory_tree_find(const struct memory_node *dir, const char *name)
{
	struct memory_node *node = dir->first;
	while (node && strcmp(node->name, name) != 0)
		node = node->next;
	return node;
}

/* Leaf by leaf and without recursion: a test may plant a tree thousands of levels deep. */
void memory_tree_remove(struct memory_node *node)
{
	struct memory_node *at = node;
	for (;;) {
		while (at->first)
			at = at->first;
		struct memory_node *parent = at->parent;
		bool is_last = at == node;
		unlink_node(at);
		memory_node_unref(at);
		if (is_last)
			return;
		at = parent;
	}
}

void memory_tree_move(struct memory_tree *tree, struct memory_node *node, struct memory_node *dir, const char *name)
{
	unlink_node(node);
	link_last(tree, dir, node, name);
}

void memory_tree_set_content(struct memory_node *node, const void *bytes, size_t length)
{
	char *content = memory_alloc(length + 1);
	if (length > 0)
		memcpy(content, bytes, length);
	content[length] = '\0';
	free(node->content);
	node->content = content;
	node->attr.size_bytes = length;
	node->attr.used_bytes = (length + 511) / 512 * 512;
	node->attr.mtime_ns = now_ns();
}

bool memory_tree_is_below(const struct memory_node *node, const struct memory_node *dir)
{
	while (node && node != dir)
		node = node->parent;
	return node == dir;
}

/* Cuts the first name off *path into name; false at the end. */
static bool next_name(const char **path, char name[PATH_NAME_MAX + 1])
{
	size_t length = strcspn(*path, "/");
	if (length == 0)
		return false;
	if (length > PATH_NAME_MAX) {
		fprintf(stderr, "fs_memory: a name longer than %d bytes in a test's path\n", PATH_NAME_MAX);
		abort();
	}
	memcpy(name, *path, length);
	name[length] = '\0';
	*path += length;
	*path += **path == '/';
	return true;
}

struct memory_node *memory_tree_walk(const struct memory_tree *tree, const char *path)
{
	char name[PATH_NAME_MAX + 1];
	struct memory_node *node = tree->root;
	while (node && next_name(&path, name))
		node = memory_tree_find(node, name);
	return node;
}

struct memory_node *memory_tree_plant(struct memory_tree *tree, const char *path, enum fs_type type)
{
	char name[PATH_NAME_MAX + 1];
	struct memory_node *node = tree->root;
	const char *rest = path;
	while (next_name(&rest, name)) {
		if (node->attr.type != FS_DIRECTORY) {
			fprintf(stderr, "fs_memory: a test plants %s below something that is no directory\n", path);
			abort();
		}
		struct memory_node *next = memory_tree_find(node, name);
		if (next && *rest == '\0') {
			memory_tree_remove(next);
			next = NULL;
		}
		node = next ? next : memory_tree_add(tree, node, name, *rest ? FS_DIRECTORY : type);
	}
	return node;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const struct memory_node *next_in_tree(const struct memory_node *node, const struct memory_node *top)
{
	if (node->first)
		return node->first;
	while (node != top && !node->next)
		node = node->parent;
	return node == top ? NULL : node->next;
}

static char *path_below(const struct memory_node *node, const struct memory_node *top)
{
	char *path = memory_strdup(node->attr.type == FS_DIRECTORY ? "/" : "");
	for (; node != top; node = node->parent) {
		char *longer = memory_printf("%s%s%s", node->name, *path && strcmp(path, "/") != 0 ? "/" : "", path);
		free(path);
		path = longer;
	}
	return path;
}

char *memory_tree_list(const struct memory_node *dir)
{
	size_t count = 0;
	char **lines = NULL;
	for (const struct memory_node *node = dir; (node = next_in_tree(node, dir)) != NULL;) {
		lines = memory_realloc(lines, count + 1, sizeof(*lines));
		lines[count++] = path_below(node, dir);
	}
	if (count > 0)
		qsort(lines, count, sizeof(*lines), compare_lines);
	char *text = memory_strdup("");
	for (size_t i = 0; i < count; i++) {
		char *longer = memory_printf("%s%s\n", text, lines[i]);
		free(text);
		free(lines[i]);
		text = longer;
	}
	free(lines);
	return text;
}
