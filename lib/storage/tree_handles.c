/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles of the directories of a walk.  Those that nobody uses are kept in the order of their last use, and the longest
 * unused are closed.  One level of TREE_ANCHOR_DEPTH stays open, so that the way back to a closed directory is short however
 * deep it lies.
 */
#include "storage/tree_walk_private.h"

static struct node *parent_of(const struct node *node)
{
	return (struct node *)node->public.parent; /* its first member */
}

static void forget_idle(struct engine *e, struct node *node)
{
	if (!node->is_idle)
		return;
	TAILQ_REMOVE(&e->idle, node, idle);
	e->idle_count--;
	node->is_idle = false;
}

void tree_handle_close(struct engine *e, struct node *node)
{
	if (!node->is_open)
		return;
	forget_idle(e, node);
	if (e->walk.visitor->closing)
		e->walk.visitor->closing(&e->walk, &node->public);
	fs_close(e->walk.fs, node->public.dir);
	node->public.dir = NULL;
	node->is_open = false;
}

static void pin_open(struct engine *e, struct node *node)
{
	node->pins++;
	forget_idle(e, node);
}

static void unpin(struct engine *e, struct node *node)
{
	if (--node->pins > 0 || node->public.depth % TREE_ANCHOR_DEPTH == 0)
		return;
	TAILQ_INSERT_TAIL(&e->idle, node, idle);
	node->is_idle = true;
	if (++e->idle_count > TREE_OPEN_MAX)
		tree_handle_close(e, TAILQ_FIRST(&e->idle));
}

/* The uppermost directory to open on the way to node from the nearest that is open; NULL where node is. */
static struct node *first_closed(struct node *node)
{
	struct node *closed = NULL;
	for (; !node->is_open; node = parent_of(node))
		closed = node;
	return closed;
}

/* Opens node in its parent, which is open.  The lock is dropped meanwhile. */
static int open_in_parent(struct engine *e, struct node *node, struct unreached *ret_unreached)
{
	struct tree_walk *walk = &e->walk;
	struct node *parent = parent_of(node);
	struct unreached unreached = {.at = node};
	node->is_opening = true;
	pin_open(e, parent);
	engine_unlock(e);
	int result = fs_open_dir(walk->fs, parent->public.dir, node->public.name, walk->cancel, &node->public.dir,
				 &unreached.why);
	if (result == 0 && walk->visitor->opened && walk->visitor->opened(walk, &node->public, &unreached.why) < 0) {
		fs_close(walk->fs, node->public.dir);
		node->public.dir = NULL;
		unreached.is_by_visitor = true;
		result = -1;
	}
	engine_lock(e);
	unpin(e, parent);
	node->is_opening = false;
	node->is_open = result == 0;
	(void)pthread_cond_broadcast(&e->opened); /* cannot fail */
	if (result < 0)
		*ret_unreached = unreached;
	return result;
}

int tree_handle_pin(struct engine *e, struct node *node, struct unreached *ret_unreached)
{
	engine_lock(e);
	int result = 0;
	struct node *closed;
	while (result == 0 && (closed = first_closed(node)) != NULL) {
		if (closed->is_opening)
			/* Ends with the other walker's fs_open_dir, which observes the cancel. */
			(void)pthread_cond_wait(&e->opened, &e->lock); /* cannot fail */
		else
			result = open_in_parent(e, closed, ret_unreached);
	}
	if (result == 0)
		pin_open(e, node);
	engine_unlock(e);
	return result;
}

void tree_handle_unpin(struct engine *e, struct node *node)
{
	engine_lock(e);
	unpin(e, node);
	engine_unlock(e);
}
