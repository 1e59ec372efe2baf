/* arguments: the run function's, and its like, as headers show them. */
#include "emit/banner.h"

static const char *c_type(ir_dtype t) { return t == IR_F32 ? "float" : "int32_t"; }

const char *emit_run_parameters(arena *a, const ir_model *m, const emit_api *api, const char *lr) {
    text t = text_new(a);
    text_printf(&t, "%s *self", api->type);
    if (api->weights) text_printf(&t, ", const %s *%s", api->weights, api->weights_argument);
    for (size_t i = 0; i < m->symbol_count; i++) text_printf(&t, ", size_t %s", api->dims[i]);
    for (size_t i = 0; i < m->input_count; i++)
        text_printf(&t, ", const %s *%s", c_type(m->inputs[i].value->type.dtype), api->inputs[i]);
    if (lr) text_printf(&t, ", float %s", lr);
    for (size_t i = 0; i < m->output_count; i++)
        text_printf(&t, ", %s *%s", c_type(m->outputs[i].value->type.dtype), api->outputs[i]);
    return text_string(&t);
}

/* The arguments with their shapes, one a line. */
void emit_print_arguments(const ir_model *m, const emit_api *api, FILE *to) {
    arena *a = arena_new();
    for (size_t i = 0; i < m->symbol_count; i++)
        fprintf(to, " *   %-12s %s_MIN to %s_MAX\n", api->dims[i], api->dim_macros[i], api->dim_macros[i]);
    for (size_t i = 0; i < m->input_count; i++)
        fprintf(to, " *   %-12s in:  %s\n", api->inputs[i], ir_type_string(a, &m->inputs[i].value->type));
    for (size_t i = 0; i < m->output_count; i++)
        fprintf(to, " *   %-12s out: %s\n", api->outputs[i], ir_type_string(a, &m->outputs[i].value->type));
    arena_free(a);
}
