/* bodies: see bodies.h. */
#include "emit/bodies.h"

bool bodies_of(const plan *p, size_t target_count) {
    if (target_count == 1) return false;
    for (size_t i = 0; i < p->run.kernel_count; i++)
        if (p->run.kernels[i]->by_body) return true;
    return false;
}

bool bodies_are_noted(const plan *p, size_t target_count) {
    const plan *all[PLAN_MODES];
    bool found = false;
    for (size_t i = 0, count = plan_modes(p, all); i < count; i++)
        found = found || bodies_of(all[i], target_count);
    return found;
}

static void end_with(cunit *u, cblock *b, cexpr *call, bool has_status) {
    if (!has_status) c_do(b, call);
    c_return(b, has_status ? call : c_name(u, "NNC_OK"));
}

/* The widest first; the baseline is what remains. */
void bodies_dispatch(emit_context *e, cblock *b, const char *const *functions, const csignature *call,
                     bool has_status) {
    cunit *u = e->unit;
    for (size_t i = e->target_count; i-- > 1;) {
        c_line(b, "#if %s", e->targets[i]->guard);
        cexpr *chosen = c_index(u, c_member(u, c_name(u, "self"), "instruction_set", true), c_int(u, 0));
        cblock *then = c_if(b, c_binary(u, "==", chosen, c_int(u, (int64_t)i)));
        end_with(u, then, c_call_with(call, functions[i]), has_status);
        c_line(b, "#endif");
    }
    end_with(u, b, c_call_with(call, functions[0]), has_status);
}
