/* summarize: what models of a file have, do and take, as numbers and as text. */
#ifndef NNC_COMMANDS_SUMMARIZE_H
#define NNC_COMMANDS_SUMMARIZE_H

#include "commands/count.h"
#include "commands/given_dims.h"
#include "commands/pipeline.h"
#include "format/format.h"

typedef struct {
    const ir_model *model;
    const int64_t *dims;
    model_counts counts;
    emit_members members;
    int64_t tape; /* bytes of scratch that go from the forward part to the backward part; below 0: no training */
    size_t tables; /* bytes, if the model were alone in its file */
    int64_t most_stack; /* bytes that no function's frame exceeds: docs/generated-code.md */
    int64_t stack; /* bytes of the largest frame of a function; below 0: not measured */
    const char *stack_function;
    kept_matrix *kept; /* each matrix of layers, once; none where all of them are float32 */
    size_t kept_count, kept_capacity;
} summary;

/* By the file's models, of the graph as lowering made it: counts, at given dims or the largest
 * ones. NULL after errors. */
summary *summarize_counts(pipeline *p, given_dims *given);
/* After binding, before the passes: how matrices are kept. */
void summarize_kept(const pipeline *p, summary *all);
/* After planning: bytes. */
void summarize_bytes(const pipeline *p, summary *all);

int64_t summary_struct_bytes(const summary *s);
int64_t summary_array_bytes(const summary *s, const ir_value *v);
/* Of its inputs and outputs. */
int64_t summary_arrays_bytes(const summary *s);

void summary_print(const summary *s, arena *a, text *to);
void summary_print_layers(const summary *s, arena *a, text *to);
/* All models of a file; tables: bytes of all of them together. */
void summary_print_json(const summary *all, size_t count, size_t tables, arena *a, text *to);

#endif
