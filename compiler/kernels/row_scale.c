/* row_scale: rows of a table whose norm is too large. */
#include "kernels/kernel.h"

/* A function of the file that gives by what a row is multiplied: torch.nn.functional.embedding's max_norm. */
static const char row_scale[] =
    "/* By what a row is multiplied so that its norm is at most max_norm. */\n"
    "static float %s(const float *row, size_t width, float max_norm, float norm_type) {\n"
    "    float norm = 0.0f;\n"
    "    for (size_t i = 0; i < width; i++) {\n"
    "        const float size = fabsf(row[i]);\n"
    "        if (isinf(norm_type)) norm = size > norm ? size : norm;\n"
    "        else norm += norm_type > 2.0f || norm_type < 2.0f ? powf(size, norm_type) : size * size;\n"
    "    }\n"
    "    if (!isinf(norm_type)) norm = norm_type > 2.0f || norm_type < 2.0f ? powf(norm, 1.0f / norm_type) : "
    "sqrtf(norm);\n"
    "    return norm > max_norm ? max_norm / (norm + 1e-7f) : 1.0f;\n"
    "}\n";

cexpr *emit_row_scale(emit_context *e, cexpr *row, cexpr *width, const ir_attrs *attrs) {
    cexpr **made = emit_once_in_file(e, "row_scale");
    if (!*made) {
        const char *name = emit_name(e, "row_scale");
        c_top_line(e->unit, row_scale, name);
        *made = c_name(e->unit, name);
    }
    return c_call(e->unit, c_text(*made), 4, row, width, c_float(e->unit, (float)attrs->max_norm),
                  c_float(e->unit, (float)attrs->norm_type));
}
