/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An NFS server on 127.0.0.1 that says what a test wants: every NFSv4.0 operation succeeds with a plausible result (one
 * directory, in it one file of "content"), and the nth of a kind can be told to fail.  It keeps no files.  What real servers
 * do is for the tests beside nfs-ganesha; this one says what those never say.
 */
#ifndef CSICORE_TEST_SUPPORT_NFS_FAKE_H
#define CSICORE_TEST_SUPPORT_NFS_FAKE_H

#include <stdbool.h>
#include <stdint.h>

struct nfs_fake;

enum nfs_fake_kind {
	NFS_FAKE_V4,      /* NFSv4.0 */
	NFS_FAKE_V3,      /* NFSv3 (some procedures) and MOUNT */
	NFS_FAKE_SILENT,  /* accepts and never answers */
	NFS_FAKE_CLOSING, /* accepts, and closes as soon as a request has come */
	NFS_FAKE_GARBAGE, /* answers with bytes that are no RPC */
};

struct nfs_fake *nfs_fake_start(enum nfs_fake_kind kind);
void nfs_fake_stop(struct nfs_fake *fake);
uint16_t nfs_fake_port(const struct nfs_fake *fake);

/* Before the first call: occurrences first .. first + times - 1 (from 0) of that operation (an nfs_opnum4; for NFSv3 the procedure's
 * number) answer status instead of success, or do something worse. */
#define NFS_FAKE_HANG_UP UINT32_MAX           /* closes the connection */
#define NFS_FAKE_SAY_NOTHING (UINT32_MAX - 1) /* ever */
void nfs_fake_fail(struct nfs_fake *fake, unsigned operation, unsigned first, unsigned times, uint32_t status);
/* Before the first call: an OPEN asks to be confirmed; results are of another operation than was asked for; READDIR has a name
 * with a slash; READDIR has the same name and cookie over and over, and no end. */
void nfs_fake_ask_to_confirm(struct nfs_fake *fake);
void nfs_fake_mix_results_up(struct nfs_fake *fake);
void nfs_fake_list_bad_name(struct nfs_fake *fake);
void nfs_fake_list_for_ever(struct nfs_fake *fake);

/* Before the first call: refuses compounds of more operations as a whole; has so many files in its directory (NFSv3's READDIR). */
void nfs_fake_limit_operations(struct nfs_fake *fake, unsigned most);
void nfs_fake_list(struct nfs_fake *fake, unsigned count);

/* How often that operation (0: NULL) was asked for so far, and how many connections were made. */
unsigned nfs_fake_count(struct nfs_fake *fake, unsigned operation);
unsigned nfs_fake_connections(struct nfs_fake *fake);
/* Bytes that WRITE was given in all, with the anonymous state id and with an open's. */
unsigned nfs_fake_written_anonymously(struct nfs_fake *fake);
unsigned nfs_fake_written_opened(struct nfs_fake *fake);
/* Closes all connections, as a server does that starts again. */
void nfs_fake_drop_connections(struct nfs_fake *fake);

#endif
