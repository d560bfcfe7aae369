/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and words from text: the whole text must be the number, and a bad one never changes *ret. */
#ifndef CSICORE_BASE_PARSE_H
#define CSICORE_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* base 2..36, or 0 for Go's rule: 0x hex, 0b binary, 0 or 0o octal, else decimal.  No sign, no space.  -1 where text is
 * not a number of that base or is above max. */
int parse_u64(const char *text, int base, uint64_t max, uint64_t *ret);
int parse_u32(const char *text, int base, uint32_t max, uint32_t *ret);
/* An optional '-' before a decimal number. */
int parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret);
/* Go's strconv.ParseBool: 1 t T true TRUE True 0 f F false FALSE False. */
int parse_bool(const char *text, bool *ret);
/* A duration with units as Go writes it ("90s", "1m30s", "250ms"), in milliseconds; a bare number is seconds. */
int parse_duration_ms(const char *text, int64_t *ret_ms);
/* A whole number of bytes as Kubernetes writes quantities: "10Gi", "500M", "4096".  -1 above INT64_MAX too. */
int parse_quantity(const char *text, int64_t *ret_bytes);

#endif
