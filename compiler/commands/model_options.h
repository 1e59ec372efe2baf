/* model_options: the options of commands that take one model: which, at which sizes, with which
 * weights, for what. */
#ifndef NNC_COMMANDS_MODEL_OPTIONS_H
#define NNC_COMMANDS_MODEL_OPTIONS_H

#include "commands/command.h"
#include "commands/given_dims.h"
#include "commands/pipeline.h"

enum {
    OF_DIM,
    OF_MODEL,
    OF_RANDOM_WEIGHTS,
    OF_TARGET,
    OF_UNROLL,
    OF_WEIGHTS,
    OF_WEIGHTS_KEY,
    OF_WEIGHTS_TYPE,
    MODEL_OPTIONS
};

/* Rows for the end of a command's own. */
/* clang-format off */
#define MODEL_OPTION_ROWS \
    {0, "dim", "NAME=N", "a run-time dim, where no input says it"}, \
    {0, "model", "NAME", "which model of a file that has several"}, \
    {0, "random-weights", "N", "parameters made from a seed, instead of a file's"}, \
    {0, "target", "NAME", "what the C is compiled for, as when compiling (default: all)"}, \
    {0, "unroll", "N", "as when compiling"}, \
    {0, "weights", "FILE", "parameters, instead of the model's weights statement"}, \
    {0, "weights-key", "KEY", "which dict of that file"}, \
    {0, "weights-type", "NAME", "how matrices are kept, as when compiling: float32, int16, int8, stored"}
/* clang-format on */

typedef struct {
    options compiling;
    given_dims dims;
    const char *model; /* or NULL */
} model_options;

/* Takes line->value for row OF_…; below 0, or the status of a wrong one. */
int model_options_take(const command_line *line, model_options *to, int row);
/* --random and --steps of commands that have them: below 0, or the status of a wrong one. */
int model_options_seed(const command_line *line, uint64_t *to);
int model_options_steps(const command_line *line, int64_t *to);
/* After the options: the one word is the file. Below 0, or the status. */
int model_options_finish(const command_line *line, model_options *to);
/* Leaves of the file the model that is meant; false, and an error, if there is none such, or
 * several. */
bool model_options_choose(pipeline *p, const model_options *o);
/* Binds its weights; false, and an error, where there are none, as before a training. */
bool model_options_bind(pipeline *p);

#endif
