/* SPDX-License-Identifier: Apache-2.0 */
/* contract BACKEND [PATTERN]: the whole contract over one back end; PATTERN picks tests by name ("rename*"). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "contract/contract.h"

static const struct contract_group *const groups[] = {
	&contract_directories, &contract_owners, &contract_renames, &contract_removals,
	&contract_listings,    &contract_files,  &contract_bounds,  &contract_trees,
};

static const struct contract_backend *find_backend(const char *name)
{
	for (size_t i = 0; i < contract_backend_count; i++) {
		if (strcmp(contract_backends[i].name, name) == 0)
			return &contract_backends[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct contract_backend *backend = argc > 1 ? find_backend(argv[1]) : NULL;
	if (!backend || argc > 3) {
		fprintf(stderr, "usage: contract BACKEND [PATTERN]; back ends:");
		for (size_t i = 0; i < contract_backend_count; i++)
			fprintf(stderr, " %s", contract_backends[i].name);
		fprintf(stderr, "\n");
		return 2;
	}
	if (argc > 2)
		cmocka_set_test_filter(argv[2]);
	/* Nothing that a back end makes may depend on it. */
	(void)umask(077);
	int failed = 0;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct CMUnitTest *tests = memory_calloc(groups[i]->count, sizeof(*tests));
		memcpy(tests, groups[i]->tests, groups[i]->count * sizeof(*tests));
		for (size_t test = 0; test < groups[i]->count; test++)
			tests[test].initial_state = (void *)backend;
		failed += _cmocka_run_group_tests(groups[i]->name, tests, groups[i]->count, NULL, NULL);
		free(tests);
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
