/* model_options: see model_options.h. */
#include "commands/model_options.h"

#include <string.h>

#include "emit/target.h"

int model_options_seed(const command_line *line, uint64_t *to) {
    return options_number(line->value, UINT64_MAX, to) ? -1 : command_usage(line, "not a seed: %s", line->value);
}

int model_options_steps(const command_line *line, int64_t *to) {
    enum { MOST = 1000000000 };
    uint64_t number;
    if (!options_number(line->value, MOST, &number) || !number)
        return command_usage(line, "--steps takes a number from 1 to %d, not %s", MOST, line->value);
    *to = (int64_t)number;
    return -1;
}

int model_options_take(const command_line *line, model_options *to, int row) {
    options *o = &to->compiling;
    uint64_t number;
    switch (row) {
    case OF_DIM:
        if (!given_dims_add(line->arena, &to->dims, line->value))
            return command_usage(line, "--dim takes NAME=N, not %s", line->value);
        return -1;
    case OF_MODEL: to->model = line->value; return -1;
    case OF_RANDOM_WEIGHTS:
        o->random_weights = true;
        return model_options_seed(line, &o->seed);
    case OF_TARGET:
        if (!target_exists(line->value))
            return command_usage(line, "--target takes " TARGET_NAMES ", not %s", line->value);
        o->target = line->value;
        return -1;
    case OF_UNROLL:
        if (!options_number(line->value, OPTIONS_MAX_UNROLL, &number))
            return command_usage(line, "--unroll takes 0 to %d, not %s", OPTIONS_MAX_UNROLL,
                                 line->value);
        o->unroll = (int64_t)number;
        return -1;
    case OF_WEIGHTS: o->weights = line->value; return -1;
    case OF_WEIGHTS_KEY: o->weights_key = line->value; return -1;
    case OF_WEIGHTS_TYPE:
        o->inference = true; /* what is trained has float32 */
        if (ir_weights_find(line->value, &o->weights_type)) return -1;
        return command_usage(line, "--weights-type takes %s, not %s", IR_WEIGHTS_LIST, line->value);
    }
    ice("no such row: %d", row);
}

int model_options_finish(const command_line *line, model_options *to) {
    options *o = &to->compiling;
    if (line->word_count != 1)
        return command_usage(line, "%s",
                             line->word_count ? "one model at a time" : "no model given");
    if (o->random_weights && (o->weights || o->weights_key))
        return command_usage(
            line, "--random-weights reads no file: it goes without --weights and --weights-key");
    o->input = line->words[0];
    o->diagnostics = line->settings;
    return -1;
}

bool model_options_choose(pipeline *p, const model_options *o) {
    const char **names = ARENA_ARRAY(p->arena, const char *, p->file.count);
    size_t found = o->model ? p->file.count : 0;
    for (size_t i = 0; i < p->file.count; i++) {
        names[i] = p->file.models[i]->name;
        if (o->model && strcmp(names[i], o->model) == 0) found = i;
    }
    if (found == p->file.count || (!o->model && p->file.count > 1)) {
        diag *d = o->model ? diag_error_file(p->diags, p->options->input,
                                             "no model in it is called %s", o->model)
                           : diag_error_file(p->diags, p->options->input,
                                             "it has %zu models: which?", p->file.count);
        const char *nearest = o->model ? diag_nearest(o->model, names, p->file.count) : NULL;
        if (nearest) diag_hint(d, "did you mean %s?", nearest);
        else diag_hint(d, "--model %s is its first", names[0]);
        return false;
    }
    p->file.models += found;
    p->apis += found;
    p->file.count = 1;
    return true;
}

bool model_options_bind(pipeline *p) {
    const ir_model *m = p->file.models[0];
    pipeline_bind(p);
    for (size_t i = 0; i < m->param_count && !diag_failed(p->diags); i++) {
        if (m->params[i].data) continue;
        diag *d = diag_error(p->diags, m->where, "model %s has no weights yet: %s_init draws them",
                             m->name, m->name);
        diag_hint(d, "--weights FILE names some, --random-weights 1 makes some");
    }
    return !diag_failed(p->diags);
}
