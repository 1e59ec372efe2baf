/* options: the command line. */
#ifndef NNC_OPTIONS_H
#define NNC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "command_option.h"
#include "ir/ir.h"
#include "support/diag.h"
#include "support/text.h"

typedef enum { DUMP_NONE, DUMP_AST, DUMP_IR, DUMP_PLAN } dump_stage;

typedef struct {
    const char *input;        /* the .nn file; NULL with only --runtime */
    const char *output;       /* -o; "-" is standard output */
    const char *header;       /* --header, or NULL: beside the output */
    const char *runtime;      /* --runtime DIR, or NULL */
    const char *depfile;      /* --depfile, or NULL */
    const char *weights;      /* --weights FILE, or NULL */
    const char *weights_key;  /* --weights-key KEY, or NULL */
    bool weights_beside;      /* --weights-as file */
    bool weights_only;        /* --weights-only: no C */
    bool big_endian;          /* of the machine that the file of weights is for */
    ir_weights weights_type;  /* --weights-type; DEFAULT where it is not given */
    bool random_weights;
    uint64_t seed;
    bool inference;           /* --inference: without targets, loss and train */
    bool train_only;          /* --train-api=train */
    int64_t tape;             /* --train-tape=K; 0: FULL */
    bool standalone;
    bool no_runtime;          /* --no-runtime: none beside the C */
    int64_t unroll;
    bool unroll_given;
    const char *target;       /* --target, or NULL: all */
    const char *name_prefix;  /* --name-prefix; "" */
    const char *section;      /* --const-section, or NULL */
    int64_t max_ram, max_flash, max_macs; /* bytes, bytes, multiply-adds; below 0: any */
    dump_stage dump;
    diag_settings diagnostics; /* --diagnostics, --color, -W */
} options;

/* OPTIONS_HELP, OPTIONS_VERSION: asked for. OPTIONS_USAGE: a message was printed to standard error; the program ends
 * with status 2. */
typedef enum { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_USAGE } options_result;

/* Fills o from the command line. */
options_result options_parse(int argc, char **argv, options *o);
options options_default(void); /* without an input */
void options_help(text *to); /* the rows, and the warnings */
const command_option *options_row(size_t i); /* NULL behind the last; without -W, --help and --version */
/* A decimal number of at most max, and nothing else. */
bool options_number(const char *s, uint64_t max, uint64_t *value);
/* What --train-tape takes: FULL, which is 0 steps, or a number of them. */
bool options_tape(const char *s, int64_t *steps);
/* Of --train-api: all, train. */
bool options_api(const char *s, bool *train_only);
enum { OPTIONS_MAX_UNROLL = 4096 };
/* The header that is written: of net.c, .cc, .cpp, .cxx and .c++ it is net.h. NULL for none, or if the name of the C
 * file ends otherwise. */
const char *options_header(arena *a, const options *o);
/* The file of weights beside the C file: net.weights for net.c, and for net.weights itself; NULL if it ends otherwise.
 */
const char *options_weights(arena *a, const options *o);
const char *options_target(const options *o); /* a name of emit/target.h */

#endif
