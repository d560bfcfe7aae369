/* SPDX-License-Identifier: Apache-2.0 */
/* Drops capabilities with libcap-ng and sets no_new_privs. */
#include "base/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/status.h"

/* Appends ",name" or "name"; a description that does not fit is cut. */
static void describe(char *description, size_t size, const char *name)
{
	size_t length = strlen(description);

	if (name && length < size)
		(void)snprintf(description + length, size - length, "%s%s", length > 0 ? "," : "", name);
}

int privileges_drop(const int *capabilities, size_t count, char *ret_description, size_t size, struct status *st)
{
	char description[256] = "";
	bool may_set_bounding_set;

	if (capng_get_caps_process() < 0)
		return status_set(st, STATUS_INTERNAL, "cannot read the capabilities of this process");
	may_set_bounding_set = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	bool has[64] = {false};

	for (size_t i = 0; i < count && i < 64; i++)
		has[i] = capng_have_capability(CAPNG_PERMITTED, (unsigned)capabilities[i]);
	capng_clear(may_set_bounding_set ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < count && i < 64; i++) {
		if (!has[i])
			continue;
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)capabilities[i]) < 0)
			return status_set(st, STATUS_INTERNAL, "cannot keep capability %d", capabilities[i]);
		describe(description, sizeof(description), capng_capability_to_name((unsigned)capabilities[i]));
	}
	int result = capng_apply(may_set_bounding_set ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);

	if (result < 0)
		return status_set(st, STATUS_INTERNAL, "cannot drop capabilities: libcap-ng says %d", result);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return status_set_errno(st, errno, "no_new_privs");
	(void)snprintf(ret_description, size, "%s", description[0] ? description : "none"); /* cut where it must be */
	return 0;
}
