/* SPDX-License-Identifier: Apache-2.0 */
/* What the walk (tree_walk.c) and the handles of its directories (tree_handles.c) share. */
#ifndef CSICORE_STORAGE_TREE_WALK_PRIVATE_H
#define CSICORE_STORAGE_TREE_WALK_PRIVATE_H

#include <pthread.h>
#include <sys/queue.h>

#include "base/cancel.h"
#include "base/status.h"
#include "storage/tree_walk.h"

struct node {
	struct tree_node public; /* first member; its data and its name follow this struct */
	struct node *next;       /* below it on the stack */
	/* Owned by whoever has taken the node from the stack. */
	uint64_t cookie, verifier; /* where the next page begins; of a page that is_cut, where that begins */
	bool is_cut;               /* subdirectories of that page remain to be taken */
	bool is_lost;              /* it could not be reached: is not left but dropped */
	/* Under the lock. */
	unsigned passed;     /* subdirectories of a page that is_cut which were left and are still there */
	bool is_of_cut_page; /* it counts there */
	unsigned busy;       /* its place on the stack or its walker, its pages at work, its subdirectories */
	unsigned pins;       /* users of its handle */
	bool is_open, is_opening, is_idle; /* idle: open, without pins, on the list of those to close */
	TAILQ_ENTRY(node) idle;
};

struct engine {
	struct tree_walk walk; /* first member */
	struct cancel cancel;  /* a child of the caller's; triggered when the walk stops */
	unsigned walkers_max;
	pthread_mutex_t lock; /* all below, and what struct node says */
	pthread_cond_t work, opened;
	struct node top; /* the caller's directory */
	struct node *stack;
	unsigned queued, idle_walkers, walkers; /* on the stack; walkers that wait for it; all walkers */
	unsigned visiting;                      /* walkers that have taken a node */
	size_t nodes;
	TAILQ_HEAD(, node) idle; /* the longest unused first */
	unsigned idle_count;
	bool is_stopped, has_failed;
	struct status failure; /* the first, or the one that stopped the walk */
	pthread_t threads[TREE_WALKERS_MAX];
};

static inline void engine_lock(struct engine *e)
{
	(void)pthread_mutex_lock(&e->lock); /* a default mutex reports no error */
}

static inline void engine_unlock(struct engine *e)
{
	(void)pthread_mutex_unlock(&e->lock); /* as above */
}

/* Why a directory could not be reached. */
struct unreached {
	struct node *at;    /* the one that could not be opened: it or one above it */
	bool is_by_visitor; /* the visitor's opened() refused it */
	struct status why;
};

/* Without the lock.  Opens node's directory, and those above as needed, and keeps it open until tree_handle_unpin. */
int tree_handle_pin(struct engine *e, struct node *node, struct unreached *ret_unreached);
void tree_handle_unpin(struct engine *e, struct node *node);
/* With the lock; node has no users any more. */
void tree_handle_close(struct engine *e, struct node *node);

#endif
