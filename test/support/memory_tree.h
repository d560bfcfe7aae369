/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of fs_memory: a tree of named entries with counted references.  Not thread-safe. */
#ifndef CSICORE_TEST_SUPPORT_MEMORY_TREE_H
#define CSICORE_TEST_SUPPORT_MEMORY_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/fs.h"

struct memory_node {
	struct fs_attr attr; /* size, link count and used bytes are kept true by the functions below */
	unsigned references; /* one for its place in the tree, one for each open handle */
	char *name;
	uint64_t position;          /* in its directory: grows with every entry that is added, never reused */
	struct memory_node *parent; /* NULL for the root and for what was removed */
	struct memory_node *first, *last, *next, *previous;
	char *content; /* of a file, or the target of a symlink; with a NUL after it */
	bool is_root;
};

struct memory_tree {
	struct memory_node *root;
	uint64_t last_file_id, last_position;
};

void memory_tree_init(struct memory_tree *tree);
void memory_tree_release(struct memory_tree *tree);

/* A new entry of dir, which has none of that name; mode 0755 for directories, else 0644. */
struct memory_node *memory_tree_add(struct memory_tree *tree, struct memory_node *dir, const char *name,
				    enum fs_type type);
/* NULL where there is none. */
struct memory_node *memory_tree_find(const struct memory_node *dir, const char *name);
/* Takes node out of its directory; all below it goes too. */
void memory_tree_remove(struct memory_node *node);
/* Puts node, which is in the tree, into dir under a new name that is free. */
void memory_tree_move(struct memory_tree *tree, struct memory_node *node, struct memory_node *dir, const char *name);
void memory_tree_set_content(struct memory_node *node, const void *bytes, size_t length);
/* True where node is dir or stands anywhere below it. */
bool memory_tree_is_below(const struct memory_node *node, const struct memory_node *dir);

struct memory_node *memory_node_ref(struct memory_node *node);
void memory_node_unref(struct memory_node *node);

/* By path ("a/b", "" is the root): NULL where it is missing. */
struct memory_node *memory_tree_walk(const struct memory_tree *tree, const char *path);
/* By path: replaces what stands there and makes missing parents.  Aborts below something that is no directory. */
struct memory_node *memory_tree_plant(struct memory_tree *tree, const char *path, enum fs_type type);
/* As fs_memory_list(). */
char *memory_tree_list(const struct memory_node *dir);

#endif
