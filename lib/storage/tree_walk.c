/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack of directories to visit that all walkers take from.  A visit reads one page: the directory goes back on the stack
 * for its next page, its subdirectories on top of it, and then the visitor gets the page.  So walkers go deep before they go
 * on, and one that finds nothing else to do reads ahead.  A directory is left by the walker that ends its last business.
 */
#include "storage/tree_walk.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/memory.h"
#include "storage/tree_walk_private.h"

#define WALKER_STACK_BYTES (256 * 1024)

/* Failures after which the rest would fail too. */
static bool is_final(const struct status *why)
{
	switch (why->code) {
	case STATUS_CANCELLED:
	case STATUS_DEADLINE_EXCEEDED:
		return true;
	case STATUS_UNAVAILABLE:
		return why->errnum != ESTALE;
	default:
		return why->errnum == EROFS;
	}
}

bool tree_node_lost_entry(const struct tree_node *node, const struct status *why)
{
	return why->errnum == ENOENT || (why->errnum == ESTALE && node->depth > 0);
}

/* As above, or something that is no directory stands in its place. */
static bool lost_directory(const struct tree_node *node, const struct status *why)
{
	return tree_node_lost_entry(node, why) || why->errnum == ENOTDIR || why->errnum == ELOOP;
}

/* Keeps the failure of node, and stops the walk where it is final. */
static void record(struct engine *e, struct node *node, const struct status *why)
{
	bool is_end = is_final(why);
	engine_lock(e);
	atomic_store(&node->public.has_failed, true);
	if (!e->is_stopped && (is_end || !e->has_failed))
		e->failure = *why;
	e->has_failed = true;
	e->is_stopped |= is_end;
	engine_unlock(e);
	if (is_end)
		cancel_trigger(&e->cancel);
}

static void *walk_on(void *data);

/* With the lock.  More walkers than this machine has threads for are done without. */
static bool start_walker(struct engine *e)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	(void)pthread_attr_setstacksize(&attributes, WALKER_STACK_BYTES); /* a valid size */
	(void)sigfillset(&all);                                           /* cannot fail */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);                /* cannot fail */
	bool is_started = pthread_create(&e->threads[e->walkers - 1], &attributes, walk_on, e) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes); /* cannot fail */
	e->walkers += is_started;
	return is_started;
}

/* With the lock, after something was put on the stack. */
static void wake_walkers(struct engine *e)
{
	for (unsigned i = 0; i < e->queued && i < e->idle_walkers; i++)
		(void)pthread_cond_signal(&e->work); /* cannot fail */
	while (e->queued > e->idle_walkers && e->walkers < e->walkers_max) {
		if (!start_walker(e))
			e->walkers_max = e->walkers;
	}
}

/* With the lock: puts node on the stack at *at, and returns the place below it. */
static struct node **push_at(struct engine *e, struct node **at, struct node *node)
{
	node->next = *at;
	*at = node;
	node->busy++;
	e->queued++;
	return &node->next;
}

static struct node *pop(struct engine *e)
{
	struct node *node = e->stack;
	e->stack = node->next;
	e->queued--;
	return node;
}

/* With the lock.  A directory of parent, which it keeps busy. */
static struct node *node_new(struct engine *e, struct node *parent, const char *name)
{
	size_t data_bytes = e->walk.visitor->data_bytes, name_size = strlen(name) + 1;
	struct node *node = memory_calloc(1, sizeof(*node) + data_bytes + name_size);
	char *after = (char *)(node + 1);
	memcpy(after + data_bytes, name, name_size);
	node->public.parent = &parent->public;
	node->public.name = after + data_bytes;
	node->public.data = data_bytes ? after : NULL;
	node->public.depth = parent->public.depth + 1;
	parent->busy++;
	e->nodes++;
	return node;
}

/* With the lock: forgets node, which is not busy any more, and returns its parent. */
static struct node *node_free(struct engine *e, struct node *node)
{
	struct node *parent = (struct node *)node->public.parent;
	tree_handle_close(e, node);
	if (atomic_load(&node->public.has_failed))
		atomic_store(&parent->public.has_failed, true);
	if (node->public.is_gone)
		atomic_store(&parent->public.has_changed, true);
	else
		parent->passed += node->is_of_cut_page;
	free(node->public.unread);
	free(node);
	e->nodes--;
	return parent;
}

/* What to do about node, which cannot be reached.  Where that is for one above, that one will say more when it is left. */
static void lose(struct engine *e, struct node *node, struct unreached *unreached)
{
	const struct tree_visitor *visitor = e->walk.visitor;
	struct node *parent = (struct node *)node->public.parent;
	struct unreached above;
	node->is_lost = true;
	if (unreached->is_by_visitor || is_final(&unreached->why)) {
		record(e, node, &unreached->why);
		return;
	}
	if (unreached->at == node && visitor->unopened && tree_handle_pin(e, parent, &above) == 0) {
		struct status st;
		if (visitor->unopened(&e->walk, &node->public, &unreached->why, &st) < 0)
			record(e, node, &st);
		tree_handle_unpin(e, parent);
		return;
	}
	bool is_top = unreached->at == node && node->public.depth == 1;
	if (!is_top && lost_directory(unreached->at->public.parent, &unreached->why))
		node->public.is_gone = true;
	else
		record(e, node, &unreached->why);
}

static size_t count_directories(const struct fs_page *page)
{
	size_t count = 0;
	for (size_t i = 0; i < page->count; i++)
		count += page->entries[i].attr.type == FS_DIRECTORY;
	return count;
}

/* With the lock: puts count subdirectories of the page on the stack in their order, without the first that were passed. */
static void push_directories(struct engine *e, struct node *node, const struct fs_page *page, size_t count, bool is_cut)
{
	size_t to_pass = node->passed;
	struct node **at = &e->stack;
	for (size_t i = 0; i < page->count && count > 0; i++) {
		if (page->entries[i].attr.type != FS_DIRECTORY)
			continue;
		if (to_pass > 0) {
			to_pass--;
			continue;
		}
		struct node *child = node_new(e, node, page->entries[i].name);
		child->is_of_cut_page = is_cut;
		at = push_at(e, at, child);
		count--;
	}
}

/* Puts the subdirectories of the page on the stack, and below them node itself where more pages follow. */
static void take_page(struct engine *e, struct node *node, const struct fs_page *page)
{
	size_t count = count_directories(page);
	engine_lock(e);
	count -= count < node->passed ? count : node->passed;
	size_t room = e->nodes < TREE_NODES_MAX ? TREE_NODES_MAX - e->nodes : 1;
	bool is_cut = count > room;
	if (!is_cut) {
		node->cookie = page->cookie;
		node->verifier = page->verifier;
	}
	if (!is_cut && !page->is_end)
		(void)push_at(e, &e->stack, node); /* where it went is not asked */
	push_directories(e, node, page, is_cut ? room : count, is_cut);
	node->is_cut = is_cut;
	if (!is_cut)
		node->passed = 0;
	wake_walkers(e);
	engine_unlock(e);
}

static void read_page(struct engine *e, struct node *node)
{
	struct tree_walk *walk = &e->walk;
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	page.cookie = node->cookie;
	page.verifier = node->verifier;
	bool is_again = node->is_cut;
	struct status why;
	if (fs_read_dir(walk->fs, node->public.dir, &page, walk->cancel, &why) < 0) {
		node->is_cut = false;
		if (is_final(&why)) {
			record(e, node, &why);
			return;
		}
		node->public.unread = memory_alloc(sizeof(why));
		*node->public.unread = why;
		return;
	}
	take_page(e, node, &page);
	if (!is_again && page.count > 0 && walk->visitor->page &&
	    walk->visitor->page(walk, &node->public, &page, &why) < 0)
		record(e, node, &why);
}

static void begin_pass(struct node *node)
{
	node->cookie = node->verifier = 0;
	node->passed = 0;
	atomic_store(&node->public.has_changed, false);
	free(TAKE_POINTER(node->public.unread));
}

/* All of node has been visited.  True where the visitor wants another pass. */
static bool leave(struct engine *e, struct node *node)
{
	struct node *parent = (struct node *)node->public.parent;
	struct unreached unreached;
	if (!e->walk.visitor->leave)
		return false;
	if (tree_handle_pin(e, node, &unreached) < 0) {
		lose(e, node, &unreached);
		return false;
	}
	int result = -1;
	struct status st;
	if (tree_handle_pin(e, parent, &unreached) == 0) {
		result = e->walk.visitor->leave(&e->walk, &node->public, &st);
		if (result < 0)
			record(e, node, &st);
		tree_handle_unpin(e, parent);
	} else {
		lose(e, node, &unreached);
	}
	tree_handle_unpin(e, node);
	if (result != TREE_AGAIN)
		return false;
	begin_pass(node);
	return true;
}

/* Ends one business of node.  After its last it is left and forgotten, and so may be those above. */
static void put(struct engine *e, struct node *node)
{
	engine_lock(e);
	while (--node->busy == 0 && node != &e->top) {
		bool is_again = false;
		if (!e->is_stopped && !node->is_lost && !node->is_cut) {
			engine_unlock(e);
			is_again = leave(e, node);
			engine_lock(e);
		}
		if (!e->is_stopped && !node->is_lost && (node->is_cut || is_again)) {
			(void)push_at(e, &e->stack, node); /* as above */
			wake_walkers(e);
			break;
		}
		node = node_free(e, node);
	}
	engine_unlock(e);
}

static void visit(struct engine *e, struct node *node)
{
	struct unreached unreached;
	if (node->public.depth > TREE_DEPTH_MAX) {
		node->is_lost = true;
		(void)status_set(&unreached.why, STATUS_FAILED_PRECONDITION, "the tree is deeper than %d directories",
				 TREE_DEPTH_MAX);
		record(e, node, &unreached.why);
	} else if (tree_handle_pin(e, node, &unreached) == 0) {
		read_page(e, node);
		tree_handle_unpin(e, node);
	} else {
		lose(e, node, &unreached);
	}
}

/* The life of a walker.  It waits while others may still find something to do; they observe the cancel. */
static void *walk_on(void *data)
{
	struct engine *e = data;
	engine_lock(e);
	while (e->stack || e->visiting > 0) {
		if (!e->stack) {
			e->idle_walkers++;
			(void)pthread_cond_wait(&e->work, &e->lock); /* cannot fail */
			e->idle_walkers--;
			continue;
		}
		struct node *node = pop(e);
		bool is_stopped = e->is_stopped;
		e->visiting++;
		engine_unlock(e);
		if (!is_stopped)
			visit(e, node);
		put(e, node);
		engine_lock(e);
		e->visiting--;
	}
	(void)pthread_cond_broadcast(&e->work); /* cannot fail */
	engine_unlock(e);
	return NULL;
}

bool tree_walk_add(struct tree_walk *walk, struct tree_node *node, const char *name)
{
	struct engine *e = (struct engine *)walk; /* its first member */
	engine_lock(e);
	bool has_room = e->nodes < TREE_NODES_MAX;
	if (has_room) {
		/* node is the first member of its struct node */
		(void)push_at(e, &e->stack, node_new(e, (struct node *)node, name));
		wake_walkers(e);
	}
	engine_unlock(e);
	return has_room;
}

static void engine_init(struct engine *e, const struct tree_walk *walk, struct fs_dir *dir)
{
	static const struct tree_options none;
	*e = (struct engine){.walk = *walk, .walkers = 1, .walkers_max = 1};
	cancel_init_child(&e->cancel, walk->cancel, -1);
	e->walk.cancel = &e->cancel;
	if (!walk->options)
		e->walk.options = &none;
	if (e->walk.options->walkers > 1)
		e->walkers_max = e->walk.options->walkers;
	if (e->walkers_max > TREE_WALKERS_MAX)
		e->walkers_max = TREE_WALKERS_MAX;
	(void)pthread_mutex_init(&e->lock, NULL); /* these cannot fail without attributes */
	(void)pthread_cond_init(&e->work, NULL);
	(void)pthread_cond_init(&e->opened, NULL);
	TAILQ_INIT(&e->idle);
	e->top.public.dir = dir;
	e->top.is_open = true;
	e->top.pins = 1; /* never closed: it is the caller's */
}

static void engine_release(struct engine *e)
{
	(void)pthread_mutex_destroy(&e->lock); /* nobody holds or waits for them */
	(void)pthread_cond_destroy(&e->work);
	(void)pthread_cond_destroy(&e->opened);
	cancel_release(&e->cancel);
}

int tree_walk_run(const struct tree_walk *walk, struct fs_dir *dir, const char *name, struct status *st)
{
	if (!path_is_name(name))
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is not the name of a directory entry", name);
	struct engine e;
	engine_init(&e, walk, dir);
	(void)push_at(&e, &e.stack, node_new(&e, &e.top, name)); /* the first */
	(void)walk_on(&e);                                       /* returns nothing */
	/* All work is done, so nobody starts a walker any more. */
	for (unsigned i = 0; i + 1 < e.walkers; i++)
		(void)pthread_join(e.threads[i], NULL); /* joinable, and not this one */
	if (e.has_failed)
		*st = e.failure;
	engine_release(&e);
	return e.has_failed ? -1 : 0;
}
