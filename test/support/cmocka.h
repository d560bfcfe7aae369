/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka.h with the headers that it wants before it. */
#ifndef CSICORE_TEST_CMOCKA_H
#define CSICORE_TEST_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
