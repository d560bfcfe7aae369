/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as a table and as JSON. */
#include "inspect_output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "inspect_text.h"

#define ARENA_BYTES (1024 * 1024) /* asks nothing of inspect_output: arena_alloc is not refused by it */

void inspect_output_init(struct inspect_output *output)
{
	*output = (struct inspect_output){.columns = NULL};
	json_set_alloc_funcs(memory_alloc, free); /* so that no call of jansson runs out of memory */
	arena_init(&output->arena, ARENA_BYTES);
}

void inspect_output_release(struct inspect_output *output)
{
	free(output->cells);
	arena_release(&output->arena);
	inspect_output_init(output);
}

void inspect_output_begin(struct inspect_output *output, const struct inspect_column *columns, size_t column_count)
{
	inspect_output_release(output);
	output->columns = columns;
	output->column_count = column_count;
}

void inspect_output_add(struct inspect_output *output, const struct inspect_cell *cells)
{
	if (output->row_count == output->row_capacity) {
		output->row_capacity = output->row_capacity ? output->row_capacity * 2 : 64;
		output->cells =
			memory_realloc(output->cells, output->row_capacity * output->column_count, sizeof(*cells));
	}
	struct inspect_cell *row = output->cells + output->row_count * output->column_count;
	for (size_t i = 0; i < output->column_count; i++) {
		row[i] = cells[i];
		if (cells[i].text)
			row[i].text = arena_strdup(&output->arena, cells[i].text);
	}
	output->row_count++;
}

/* ---- order */

static int compare_cells(const struct inspect_cell *a, const struct inspect_cell *b)
{
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	if (a->text || b->text)
		return a->text ? 1 : -1;
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_rows(const void *left, const void *right, void *column_count)
{
	const struct inspect_cell *a = left, *b = right;
	for (size_t i = 0; i < *(const size_t *)column_count; i++) {
		int order = compare_cells(&a[i], &b[i]);
		if (order != 0)
			return order;
	}
	return 0;
}

static void sort(struct inspect_output *output)
{
	if (output->row_count > 1)
		qsort_r(output->cells, output->row_count, output->column_count * sizeof(*output->cells), compare_rows,
			&output->column_count);
}

/* ---- the table */

/* What stands in the table for a value, in the arena. */
static const char *shown(struct arena *arena, enum inspect_kind kind, const struct inspect_cell *cell)
{
	if (kind == INSPECT_TEXT)
		return cell->text ? inspect_text_shown(arena, cell->text) : "-";
	if (cell->number < 0)
		return "-";
	if (kind == INSPECT_BYTES)
		return inspect_text_bytes(arena, cell->number);
	if (kind == INSPECT_TIME)
		return inspect_text_time(arena, cell->number);
	return arena_printf(arena, "%lld", (long long)cell->number);
}

/* Columns that text takes, one for each of its characters. */
static size_t width_of(const char *text)
{
	size_t width = 0;
	for (size_t left = strlen(text); left > 0; width++) {
		size_t length = utf8_character(text, left);
		length = length > 0 ? length : 1;
		text += length;
		left -= length;
	}
	return width;
}

static void print_padded(const char *text, size_t width, FILE *file)
{
	(void)fprintf(file, "%s%*s", text, (int)(width - width_of(text)), "");
}

static void print_line(const char *const *texts, const size_t *widths, size_t count, FILE *file)
{
	for (size_t i = 0; i + 1 < count; i++)
		print_padded(texts[i], widths[i] + 2, file);
	(void)fprintf(file, "%s\n", texts[count - 1]);
}

static void print_table(const struct inspect_output *output, FILE *file)
{
	AUTO(arena_release) struct arena arena;
	const size_t count = output->column_count;
	const char *titles[INSPECT_COLUMNS_MAX];
	size_t widths[INSPECT_COLUMNS_MAX];
	arena_init(&arena, ARENA_BYTES);
	for (size_t i = 0; i < count; i++) {
		titles[i] = output->columns[i].title;
		widths[i] = width_of(titles[i]);
	}
	const char **texts = arena_calloc(&arena, output->row_count * count + 1, sizeof(*texts));
	for (size_t at = 0; at < output->row_count * count; at++) {
		size_t column = at % count;
		texts[at] = shown(&arena, output->columns[column].kind, &output->cells[at]);
		size_t width = width_of(texts[at]);
		widths[column] = width > widths[column] ? width : widths[column];
	}
	print_line(titles, widths, count, file);
	for (size_t row = 0; row < output->row_count; row++)
		print_line(texts + row * count, widths, count, file);
}

/* ---- JSON */

static json_t *value_of(struct arena *arena, enum inspect_kind kind, const struct inspect_cell *cell)
{
	if (kind == INSPECT_TEXT)
		return cell->text ? json_string(inspect_text_repaired(arena, cell->text)) : json_null();
	if (cell->number < 0)
		return json_null();
	return kind == INSPECT_TIME ? json_string(inspect_text_time(arena, cell->number)) : json_integer(cell->number);
}

static void print_object(const struct inspect_output *output, const struct inspect_cell *row, FILE *file)
{
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, ARENA_BYTES);
	json_t *object = json_object();
	for (size_t i = 0; i < output->column_count; i++)
		(void)json_object_set_new(
			object, output->columns[i].key,
			value_of(&arena, output->columns[i].kind, &row[i])); /* no memory is its only failure */
	(void)json_dumpf(object, file, 0); /* the file's own error, asked at the end */
	json_decref(object);
}

static void print_json(const struct inspect_output *output, FILE *file)
{
	(void)fputc('[', file);
	for (size_t row = 0; row < output->row_count; row++) {
		(void)fputs(row == 0 ? "\n  " : ",\n  ", file);
		print_object(output, output->cells + row * output->column_count, file);
	}
	(void)fputs(output->row_count > 0 ? "\n]\n" : "]\n", file);
}

void inspect_output_print(struct inspect_output *output, enum inspect_format format, FILE *file)
{
	sort(output);
	if (format == INSPECT_JSON)
		print_json(output, file);
	else
		print_table(output, file);
}

void inspect_output_print_single(struct inspect_output *output, enum inspect_format format, FILE *file)
{
	AUTO(arena_release) struct arena arena;
	arena_init(&arena, ARENA_BYTES);
	if (format == INSPECT_JSON) {
		print_object(output, output->cells, file);
		(void)fputc('\n', file);
		return;
	}
	size_t width = 0;
	for (size_t i = 0; i < output->column_count; i++) {
		size_t title = width_of(output->columns[i].title);
		width = title > width ? title : width;
	}
	for (size_t i = 0; i < output->column_count; i++) {
		print_padded(output->columns[i].title, width + 2, file);
		(void)fprintf(file, "%s\n", shown(&arena, output->columns[i].kind, &output->cells[i]));
	}
}
