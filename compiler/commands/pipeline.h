/* pipeline: the stages that commands run a .nn file through, as straight calls; nothing else decides the order.
 *
 *     pipeline p;
 *     if (pipeline_open(&p, &options) && pipeline_lower(&p, pipeline_parse(&p)) && pipeline_bind(&p) &&
 *         pipeline_passes(&p) && pipeline_plan(&p))
 *         …
 *     pipeline_close(&p);
 */
#ifndef NNC_COMMANDS_PIPELINE_H
#define NNC_COMMANDS_PIPELINE_H

#include "emit/emit.h"
#include "lower/lower.h"
#include "options.h"
#include "syntax/ast.h"
#include "weights/tensor.h"

typedef struct {
    const options *options;
    arena *arena; /* of everything here */
    const source *source;
    diag_list *diags;
    lowered_file file;
    emit_api *const *apis; /* by models, as the rest */
    bool *passed;
    const plan **plans;    /* NULL for a model that a pass found fault with */
    tensor_file **weights; /* each file is opened once, and bound to all models that name it */
    size_t weights_count, weights_capacity;
    lower_notes *notes; /* to be made while lowering, or NULL */
} pipeline;

/* Every stage gives false when what it found leaves nothing for the next one; the faults are among diags. */
bool pipeline_open(pipeline *p, const options *o);
/* The same of a text that is at hand; o->input is where it would be. */
void pipeline_open_text(pipeline *p, const options *o, const char *bytes, size_t size);
ast_file *pipeline_parse(pipeline *p);
bool pipeline_lower(pipeline *p, ast_file *ast);
/* Faults of weights are found together with those of the next stages: always true. */
bool pipeline_bind(pipeline *p);
bool pipeline_passes(pipeline *p);
bool pipeline_plan(pipeline *p); /* after the passes */
/* Shows the diagnostics on standard error. */
void pipeline_close(pipeline *p);
/* Opens, uses and closes; gives the exit status that `use` gives. */
typedef int pipeline_use(pipeline *p, void *context);
int pipeline_do(const options *o, pipeline_use *use, void *context);
/* Closes the weights alone: what was found stays in the arena. */
void pipeline_release(pipeline *p);

/* Where the model's parameters come from, as seen from here; NULL for none. */
const char *pipeline_weights(const pipeline *p, const ir_model *m);
/* Every file that the models are made of, as seen from here, the .nn file first: what no output may take the place of.
 * Entries may be NULL, and one file may be there twice. */
const char **pipeline_inputs(const pipeline *p, size_t *count);

#endif
