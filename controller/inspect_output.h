/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that a command found, sorted, and printed once it is done: as a table for people, or as JSON for programs.  So a command
 * that fails halfway prints no half an answer, and one that is repeated with fresh handles begins anew.
 */
#ifndef CSICORE_CONTROLLER_INSPECT_OUTPUT_H
#define CSICORE_CONTROLLER_INSPECT_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

struct status;

enum inspect_kind { INSPECT_TEXT, INSPECT_COUNT, INSPECT_BYTES, INSPECT_TIME };

struct inspect_column {
	const char *key;   /* in JSON: "createdAt" */
	const char *title; /* in a table: "CREATED" */
	enum inspect_kind kind;
};

#define INSPECT_COLUMNS_MAX 12
#define INSPECT_UNKNOWN (-1)

/* One value.  Unknown is NULL or INSPECT_UNKNOWN: `-` in a table, null in JSON. */
struct inspect_cell {
	const char *text; /* INSPECT_TEXT; any bytes */
	int64_t number;   /* the others; a time is in seconds since the epoch */
};
#define INSPECT_CELL_TEXT(text_) ((struct inspect_cell){.text = (text_)})
#define INSPECT_CELL_NUMBER(number_) ((struct inspect_cell){.number = (number_)})

enum inspect_format { INSPECT_TABLE, INSPECT_JSON };

struct inspect_output {
	const struct inspect_column *columns;
	size_t column_count; /* 0: nothing to print */
	struct inspect_cell *cells;
	size_t row_count, row_capacity;
	struct arena arena; /* texts of the cells */
};

void inspect_output_init(struct inspect_output *output);
void inspect_output_release(struct inspect_output *output);
/* Forgets all rows. */
void inspect_output_begin(struct inspect_output *output, const struct inspect_column *columns, size_t column_count);
/* A row of column_count cells; texts are copied. */
void inspect_output_add(struct inspect_output *output, const struct inspect_cell *cells);

/* All rows in the order of their cells.  What the file could not take is the file's own error to report. */
void inspect_output_print(struct inspect_output *output, enum inspect_format format, FILE *file);
/* The one row there is, as "KEY  VALUE" lines or a JSON object. */
void inspect_output_print_single(struct inspect_output *output, enum inspect_format format, FILE *file);

#endif
