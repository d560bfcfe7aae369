/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts connections on an endpoint into a set, and has idle ones go when the set is full.  Loop thread only. */
#ifndef CSICORE_NET_LISTENER_H
#define CSICORE_NET_LISTENER_H

struct connection_set;
struct endpoint;
struct listener;
struct loop;
struct status;

/* on_trouble is told when the set became full, and when a connection could not be had (too many open files ...); never more
 * often than the trouble comes up. */
typedef void listener_trouble(void *user, const struct status *st);

struct listener *listener_open(struct loop *loop, const struct endpoint *endpoint, struct connection_set *set,
			       listener_trouble *on_trouble, void *user, struct status *st);

/* The set has room again: accepts who waited. */
void listener_resume(struct listener *listener);

/* Stops listening and removes the socket's file, unless another process has put its own in that place.  NULL is fine. */
void listener_close(struct listener *listener);

#endif
