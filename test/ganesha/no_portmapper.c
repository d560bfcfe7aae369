/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into ganesha.nfsd: registration with a portmapper always succeeds, so that NFSv3 and MOUNT are served on
 * ports of the test's choice on a machine without rpcbind.  These are the three functions of libntirpc that ganesha
 * registers with.
 */
#include <stdbool.h>
#include <stdint.h>

bool svc_reg(void *transport, uint32_t program, uint32_t version, void *dispatch, const void *netconf);
void svc_unreg(uint32_t program, uint32_t version);
bool rpcb_unset(uint32_t program, uint32_t version, const void *netconf);

bool svc_reg(void *transport, uint32_t program, uint32_t version, void *dispatch, const void *netconf)
{
	return true;
}

void svc_unreg(uint32_t program, uint32_t version)
{
}

bool rpcb_unset(uint32_t program, uint32_t version, const void *netconf)
{
	return true;
}
