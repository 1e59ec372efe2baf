/* lowering: what the parts of lower/ share while one model is lowered; private to lower/.
 *
 *     lower.c (statements) -> expr.c -> functions*.c, layers.c, recurrent.c -> build.c (nodes)
 *
 * An expression becomes a `value`: a tensor of the IR, or one of the things that only exist at compile time (numbers,
 * sizes, strings, tuples). A value that could not be made is poison: its error is reported, and whatever is made of it
 * is poison without a further word, so that one fault gives one error.
 */
#ifndef NNC_LOWER_LOWERING_H
#define NNC_LOWER_LOWERING_H

#include <string.h>

#include "lower/lower.h"

/* --- values ------------------------------------------------------------------------------------------------------ */

typedef enum {
    VALUE_POISON,
    VALUE_TENSOR,
    VALUE_INTEGER, /* constant, or an expression of run-time dims */
    VALUE_REAL,
    VALUE_BOOL,
    VALUE_STRING,
    VALUE_NONE,
    VALUE_DTYPE, /* of dtype= */
    VALUE_TUPLE
} value_kind;

typedef struct value value;
struct value {
    value_kind kind;
    span where; /* what made it: an expression or a declaration */
    ir_value *tensor;
    const dim *integer;
    double real;
    bool boolean;
    const char *string;
    ir_dtype dtype;     /* VALUE_DTYPE */
    const value *items; /* VALUE_TUPLE; VALUE_TENSOR: what as many names get, the values and indices of a maximum */
    size_t count;
    bool poisoned;     /* a part of the tuple is poison */
    const char *gives; /* of a tuple that a layer gave: "an LSTM gives out, (h_n, c_n)"; else NULL */
    const char *mend;  /* and how to get at its parts; set when gives is */
};

/* --- names (scope.c) ---------------------------------------------------------------------------------------------- */

/* A map from names to things, which remembers the order in which they came. */
typedef struct scope_entry scope_entry;

typedef struct scope scope;
struct scope {
    arena *arena;
    scope_entry *first;
    const scope *around; /* or NULL */
};

scope *scope_new(arena *a);
scope *scope_inside(arena *a, const scope *around); /* what it has not, is looked up around it */
void *scope_find(const scope *n, const char *name);      /* NULL when there is none */
void scope_set(scope *n, const char *name, void *thing); /* a later one hides an earlier one */
const scope_entry *scope_first(const scope *n);          /* of its own ones; NULL at the end */
const scope_entry *scope_next(const scope_entry *e);
const char *scope_name(const scope_entry *e);
void *scope_thing(const scope_entry *e);
const char *scope_nearest(const scope *n, const char *word); /* or NULL */

typedef enum { NAME_DIM, NAME_INPUT, NAME_STATE, NAME_PARAM, NAME_BOUND } name_kind;

typedef struct name_entry name_entry;
struct name_entry {
    name_kind kind;
    span where;   /* the declaration or the binding */
    value value;
    size_t index; /* NAME_STATE, NAME_PARAM: in the model; NOWHERE when its declaration is at fault */
    bool used;    /* NAME_DIM: by something else than another dim; else: read */
    bool bound;   /* NAME_STATE, in its declaration */
    const ast_stmt *read_by; /* the first statement that reads it */
    name_entry *declaration; /* NAME_STATE: of the state, whatever it is bound to now */
};

#define NOWHERE ((size_t)-1)

typedef struct block block; /* of a repeat; repeat.c */

/* A call with inplace=True. */
typedef struct {
    const char *function;
    const ir_value *input, *result;
} overwrite;

/* --- the model in work ------------------------------------------------------------------------------------------- */

typedef struct {
    arena *arena;
    diag_list *diags;
    const ast_file *file;
    const source *source;
    const scope *declared[2]; /* ast_stmt by name, of the whole model: dims, inputs, states, params; layers */
    ir_model *model;
    ir_graph *graph;     /* where nodes go: run, reset while a state's first value is lowered, or the body of block */
    block *block;        /* the innermost one, or NULL */
    scope *values;       /* name_entry: dims and values */
    scope *locals;       /* name_entry: what blocks bound for themselves; no value behind them */
    scope *layers;       /* layer */
    scope *params;       /* by key: size_t, the index in the model */
    int64_t param_elements; /* of all params so far */
    scope *symbols;      /* by name: name_entry of the run-time dims, even if hidden */
    scope *outputs;      /* by name: span */
    bool trains;         /* the model has a loss: dropout is active in training */
    const ast_stmt **train_statements; /* in order; looked at when all is declared */
    size_t train_count, train_capacity;
    name_entry **declarations; /* of inputs, states and params, whatever hides them later */
    size_t declaration_count, declaration_capacity;
    const ast_stmt *statement; /* in work */
    ir_value **param_values[2]; /* of graphs run and reset: the PARAM nodes' results, by index; NULL: not there yet */
    size_t param_capacity[2];
    const char *label;   /* of the nodes of the layer that is being called; NULL: the operator's name */
    ir_weights weights;  /* how the layer that is being called keeps its matrices */
    bool in_dim;         /* inside a dim statement: using a dim is no use of it */
    bool incomplete;     /* statements are missing because they did not parse, with the names that they make */
    int searches;        /* how often the text was searched for such a name */
    overwrite *overwrites;
    size_t overwrite_count, overwrite_capacity;
    lower_notes *notes;  /* or NULL */
} lowering;

/* value.c */
value value_poison(span where);
value value_integer(const dim *d, span where);
value value_real(double r, span where);
value value_tuple(lowering *l, const value *items, size_t count, span where);
/* What two names take both of, and one name the values only: of max, min and topk. */
value value_with_places(lowering *l, ir_value *values, ir_value *places, span where);
/* A tensor that the user's text made; too many elements are an error, and poison. */
value value_tensor(lowering *l, ir_value *v, span where);
bool value_has_poison(const value *v); /* it or a part of it */
/* For messages: "float32[T, 24]", "the number 3", "the size 2*T", "a tuple (float32[T], float32[1])". */
const char *value_show(lowering *l, const value *v);
const char *type_show(lowering *l, const ir_type *t);
/* "T is 1..100" for the run-time dims in d, or NULL when there are none. */
const char *bounds_show(lowering *l, const dim *d);
/* Notes where v, which was written so, came from: "x is float32[T, 24], from here"; of a longer expression, what it is
 * and where the first name in it came from. */
void note_value(lowering *l, diag *e, const ast_expr *written, const value *v, span error_where);
/* An operand as the user gave it, for messages. */
typedef struct {
    const value *value;
    const ast_expr *written; /* or NULL */
} as_written;
/* For editors, where they ask. */
void value_note(lowering *l, const value *v, span where);

/* --- arguments (args.c) ------------------------------------------------------------------------------------------ */

enum {
    TAKES_TENSOR = 1,
    TAKES_INTEGER = 2,  /* constant */
    TAKES_REAL = 4,     /* constant; integers too */
    TAKES_BOOL = 8,
    TAKES_STRING = 16,
    TAKES_NONE = 32,
    TAKES_INTEGERS = 64,  /* a tuple of constant integers */
    TAKES_SIZE = 128,     /* an integer, run-time dims allowed */
    TAKES_SIZES = 256,    /* a tuple of those */
    TAKES_TENSORS = 512,  /* a tuple of tensors, not empty */
    TAKES_ANY = 1024,     /* the callee looks for itself */
    TAKES_DTYPE = 2048,
    TAKES_NUMBER = 4096, /* beside a tensor: a number or a size, which gives one, as in Python; not in messages */
    VARIADIC = 1 << 16,   /* the last one: separate integers are collected into a tuple */
    REQUIRED = 1 << 17,
    UNLISTED = 1 << 18 /* torch's class takes it, to refuse it: messages do not name it */
};

typedef struct {
    const char *name;
    unsigned takes;
} parameter;

enum { MAX_PARAMETERS = 16 };

typedef struct {
    const ast_expr *call;
    const char *what; /* "softmax", "LSTM", "lstm" */
    const parameter *parameters;
    size_t count;
    const ast_argument *given[MAX_PARAMETERS]; /* NULL: left out */
    value values[MAX_PARAMETERS];              /* of those that are given */
} arguments;

/* Lowers the arguments of a call and matches them as Python does. False after reporting, or when one is poison; all are
 * lowered in any case. With `is_layer_kind` two more may be given, device and dtype, which must be None; as keywords
 * they may be given to functions too. too_many: a hint for when there are more than `count`, or NULL. */
bool args_match(lowering *l, const ast_expr *call, const char *what, const parameter *parameters, size_t count,
                bool is_layer_kind, const char *too_many, arguments *out);
bool args_has(const arguments *a, size_t i); /* given, and not None */
/* An argument that no source has, such as what a Sequential's module takes from the one before; messages call it
 * `name`. */
const ast_argument *args_unwritten(lowering *l, const arguments *a, const char *name);
span args_where(const arguments *a, size_t i); /* of the argument's value, or of the call when left out */
const ast_expr *args_written(const arguments *a, size_t i); /* or NULL */
as_written args_given(const arguments *a, size_t i);
/* note_value() of an argument. */
void note_argument(lowering *l, diag *e, const arguments *a, size_t i, span error_where);
int64_t args_integer(const arguments *a, size_t i, int64_t otherwise);
double args_real(const arguments *a, size_t i, double otherwise);
bool args_bool(const arguments *a, size_t i, bool otherwise);
const char *args_string(const arguments *a, size_t i, const char *otherwise);
ir_value *args_tensor(const arguments *a, size_t i);
bool args_no_bool(lowering *l, const arguments *a, size_t i); /* false after reporting: torch has no such function */
bool value_is_number(const value *v); /* a constant one */
double value_number(const value *v); /* of a constant integer or a real */
bool value_fits_int32(double number); /* whole, and in its range; not infinite or NaN */

/* --- nodes (build.c) --------------------------------------------------------------------------------------------- */

/* Each gives back its operand when there is nothing to do. None of them reports. */
ir_node *build_node(lowering *l, ir_op op, ir_value *const *inputs, unsigned count, span where);
ir_value *build_value(lowering *l, ir_op op, ir_value *const *inputs, unsigned count, const ir_type *type, span where);
ir_value *build_unary(lowering *l, ir_op op, ir_value *x, span where);
/* As another type: int32 as float32, a bool as int32 or float32. */
ir_value *build_cast(lowering *l, ir_value *x, ir_dtype dtype, span where);
ir_value *build_float(lowering *l, ir_value *x, span where); /* build_cast to float32 */
ir_value *build_const(lowering *l, ir_dtype dtype, double number, span where);
ir_value *build_size(lowering *l, const dim *size, span where); /* an int32 scalar */
ir_value *build_reshape(lowering *l, ir_value *x, const dim *const *dims, unsigned rank, span where);
ir_value *build_permute(lowering *l, ir_value *x, const unsigned *perm, span where);
ir_value *build_swap(lowering *l, ir_value *x, unsigned a, unsigned b, span where);
ir_value *build_slice(lowering *l, ir_value *x, unsigned axis, const dim *start, const dim *extent, int64_t step,
                      span where);
/* Dims of size 1, and new ones in front, read as often as this shape says. */
ir_value *build_expand(lowering *l, ir_value *x, const dim *const *dims, unsigned rank, span where);
ir_value *build_arange(lowering *l, const dim *start, const dim *count, int64_t step, span where);
ir_value *build_cat(lowering *l, ir_value *const *parts, unsigned count, unsigned axis, span where);
ir_value *build_pad(lowering *l, ir_value *x, unsigned axis, int64_t before, int64_t after, ir_pad_mode mode,
                    double number, span where);
ir_value *build_reduce(lowering *l, ir_op op, ir_value *x, unsigned axes, bool keepdim, span where);
/* The PARAM node of the graph in work. */
ir_value *build_param(lowering *l, size_t index, span where);
const dim *build_dim(lowering *l, int64_t constant);

/* --- shape rules (shapes.c) -------------------------------------------------------------------------------------- */

/* How two shapes broadcast, in *type (its dtype untouched). False without a report when they do not. */
bool shape_broadcast(const ir_type *a, const ir_type *b, ir_type *type);
/* The error of two operands whose shapes do not broadcast. */
void report_broadcast(lowering *l, const char *what, const ir_type *a, const ir_type *b, as_written a_given,
                      as_written b_given, span op_where);
/* A dim argument of a tensor of this rank, negative ones counted from the end; false after reporting. */
bool shape_axis(lowering *l, int64_t axis, unsigned rank, span where, const char *shown, unsigned *out);
/* Bit mask of the dims of argument i (an integer or a tuple, each dim once); absent or empty: all. */
bool shape_axes(lowering *l, const arguments *a, size_t i, unsigned rank, const char *shown, unsigned *axes);
/* The sizes of a new tensor, each at least 1; false after reporting. */
bool shape_sizes(lowering *l, const arguments *a, size_t i, const dim **dims, unsigned *rank);
/* Whether `extent` elements from `start` on lie within an axis of `size` for every value of the run-time dims; reports
 * at `where`. */
bool shape_slice_fits(lowering *l, const arguments *a, const dim *start, const dim *extent, const dim *size,
                      span where);
/* The sizes of a view, one of which may be -1. */
bool shape_view(lowering *l, const arguments *a, size_t i, const ir_type *from, const dim **dims, unsigned *rank);
/* floor((length + pads - reach) / stride) + 1, where reach = dilation * (kernel - 1) + 1; NULL when length + pads is
 * not provably at least reach. */
const dim *shape_window(lowering *l, const dim *length, int64_t pads, int64_t kernel, int64_t stride, int64_t dilation);
bool shape_rank_fits(lowering *l, size_t rank, span where);
/* Whether a non-constant pad by these amounts is allowed for every value of the run-time dims; reports. */
bool shape_pad_fits(lowering *l, const dim *length, int64_t before, int64_t after, ir_pad_mode mode, span where,
                    const char *shown);

/* --- expressions (expr.c, arithmetic.c, index.c) ----------------------------------------------------------------- */

value lower_expr(lowering *l, const ast_expr *e);
value lower_index(lowering *l, const ast_expr *e);
bool lower_type(lowering *l, const ast_type *t, ir_type *type);
/* A binary operator, of tensors and numbers. */
value lower_binary(lowering *l, ast_operator op, as_written a, as_written b, span op_where, span where);
value lower_unary(lowering *l, const ast_expr *e);
/* a @ b: functions_join.c. */
value lower_product(lowering *l, as_written a, as_written b, span where);
/* A number, a size, or true or false, as a scalar beside tensors of this type. NULL after reporting. */
ir_value *lower_number(lowering *l, const value *v, ir_dtype beside, span where);
/* A size as an int32 scalar. NULL after reporting. */
ir_value *lower_size_value(lowering *l, const value *v, span where);
/* The type that two operands come to: float32 over int32 over bool. */
ir_dtype promoted(ir_dtype a, ir_dtype b);
/* An operator of two operands on tensors, promoted to one type. */
value lower_elementwise(lowering *l, ir_op op, ir_value *a, ir_value *b, as_written a_given, as_written b_given,
                        span op_where, span where);

/* --- training (train.c) ------------------------------------------------------------------------------------------ */

void lower_loss(lowering *l, const ast_stmt *s);
void lower_train(lowering *l, const ast_stmt *s);
/* What a train statement may call, with its arguments; NULL behind the last one. */
const char *train_rule(size_t i, const parameter **parameters, size_t *count);
/* When all statements are lowered: which params are trained, by what. */
void lower_training(lowering *l);
/* Whether some statement of the model is a loss. */
bool ast_trains(const ast_model *ast);
/* x with some of its elements dropped in training, at a site of its own; x itself in a model without a loss. */
ir_value *build_dropout(lowering *l, ir_value *x, double p, span where);
/* grad(loss, v) */
value lower_grad(lowering *l, const ast_expr *call);

/* --- statements (lower.c, repeat.c) ------------------------------------------------------------------------------- */

void lower_statement(lowering *l, const ast_stmt *s);
void lower_repeat(lowering *l, const ast_stmt *s);
void lower_collect(lowering *l, const ast_stmt *s);
/* Binds a name; of a state, this is the next run's value too, unless a block is in work. */
void bind_name(lowering *l, const ast_name *name, const value *v);
/* Is what was found of the type that is written? False after reporting. e: what gave v, or NULL. */
bool type_fits(lowering *l, const ast_type *written, const ir_type *found, const ast_expr *e, const value *v,
               const char *name);
/* Where the block, or one around it, binds the name; NULL when none does. */
const ast_name *block_binds(const block *b, const char *name);

/* The elements of dim `axis` at these int32 indices, whose dims stand in its place (functions_index.c). */
value index_take(lowering *l, ir_value *x, ir_value *ids, unsigned axis, span where);
/* Whether what is to be an index is int32; reports. */
bool index_is_whole(lowering *l, const ir_type *type, const char *what, const ast_expr *written, const value *v,
                    span where);

/* --- functions (functions.c) ------------------------------------------------------------------------------------- */

typedef struct function function;
struct function {
    const char *name;
    const parameter *parameters;
    size_t count;
    value (*lower)(lowering *l, const arguments *a, ir_op op);
    ir_op op; /* for functions that share a rule; else 0 */
};

const function *function_find(const char *name);
const char *const *function_names(arena *a, size_t *count);
value function_call(lowering *l, const function *f, const ast_expr *call);
/* Of arguments that are matched already. */
value function_apply(lowering *l, const function *f, const arguments *a);

/* Whether the numbers of a function of one argument, arguments from `first` on, are allowed; false after reporting. */
bool function_numbers_fit(lowering *l, const arguments *a, size_t first, ir_op op);
/* The tables of the functions_*.c; each ends with a row without a name. */
extern const function functions_elementwise[], functions_of_one[], functions_reduce[], functions_shape[],
    functions_join[], functions_mask[], functions_constant[], functions_move[], functions_index[], functions_product[],
    functions_convolution[], functions_pool[], functions_norm[], functions_resample[],
    functions_loss[];

/* --- layers (layers.c) ------------------------------------------------------------------------------------------- */

typedef struct layer layer;

enum {
    LAYER_MAX_AXES = 2,
    LAYER_MAX_KERNEL = 256, /* rows of a Conv2d's kernel, and terms of one whose weights are computed */
    LAYER_MAX_WINDOW = 1024 /* elements of a pooling window along an axis */
};

/* Convolutions and pooling: an entry an axis, of [.., H, W] or [.., L]. */
typedef struct {
    unsigned axes;
    int64_t kernel[LAYER_MAX_AXES], stride[LAYER_MAX_AXES], dilation[LAYER_MAX_AXES];
    int64_t before[LAYER_MAX_AXES], after[LAYER_MAX_AXES]; /* padding */
    int64_t extra[LAYER_MAX_AXES];                         /* output_padding */
    int64_t groups;
    ir_pad_mode mode; /* IR_PAD_CONSTANT: zeros */
} convolution;

typedef struct {
    unsigned axes;
    int64_t kernel[LAYER_MAX_AXES], stride[LAYER_MAX_AXES], padding[LAYER_MAX_AXES], dilation[LAYER_MAX_AXES];
    int64_t divisor; /* divisor_override; 0: none */
    bool max, ceil_mode, count_include_pad;
} pooling;

typedef struct {
    value size, factor; /* one of them is none */
} resampling;

typedef struct {
    const char *name; /* "LSTM" */
    const char *article; /* "an" */
    const parameter *parameters;
    size_t count;
    const parameter *call_parameters;
    size_t call_count;
    bool (*construct)(lowering *l, layer *self, const arguments *a); /* checks, and declares the weights */
    value (*call)(lowering *l, const layer *self, const arguments *a);
    const char *too_many; /* a hint for calls with too many arguments, or NULL */
    ir_cell cell;         /* recurrent ones */
    bool is_recurrent, is_cell;
    bool has_matrices; /* `as` may say how they are stored */
    const char *function; /* activations: torch's function of the input and the constructor's arguments; else NULL */
} layer_kind;

struct layer {
    const layer_kind *kind;
    const char *name;
    const char *label;  /* the name with '_' for '.' */
    const char *source; /* as written: "LSTM(6, 6)" */
    const char *prefix;
    const ast_argument *keys; /* of single tensors, instead of prefix.NAME */
    ir_weights weights_kept;  /* how its matrices are kept */
    const char **weights;     /* its tensors' names */
    size_t weight_count, weight_capacity;
    span where;         /* the statement */
    bool broken;        /* its declaration is at fault */
    bool used;
    double bound;       /* what torch draws its weights from: ± this; of a PReLU, all of it */
    union {
        const arguments *activation; /* the constructor's */
        struct {
            int64_t count, size; /* of rows; of a row */
            bool has_max_norm;
            double max_norm, norm_type;
            int64_t padding_row; /* 1 + it; 0: none */
            bool scale_by_frequency, sparse;
        } embedding;
        struct {
            int64_t in, out;
            bool bias;
        } linear;
        struct {
            int64_t in, out;
            bool bias;
            convolution c;
        } conv;
        pooling pool; /* adaptive: kernel is output_size, 0 for none */
        resampling resampling;
        struct {
            layer **items;
            size_t count;
        } sequential;
        struct {
            const dim *shape[IR_MAX_RANK];
            unsigned rank;
            const dim *groups; /* GroupNorm */
            double eps;
            bool weight, bias;
            double momentum; /* BatchNorm, InstanceNorm1d; NaN: momentum=None */
            bool running; /* InstanceNorm1d with track_running_stats */
        } norm;
        struct {
            int64_t input, hidden, projected, layers; /* projected is hidden without proj_size */
            bool bias, batch_first, bidirectional, reverse, reset_after;
            ir_activation activation, recurrent_activation;
            double dropout;
        } recurrent;
        double dropout; /* p */
    } as;
};

extern const layer_kind layer_kinds[]; /* layer_kinds.c; ends with a row without a name */
extern const layer_kind activation_kinds[]; /* activation_layers.c; rows without a name are none */
extern const size_t activation_kind_count;
const function *activation_function(const layer_kind *kind);
/* The names of all, in the arena. */
const char *const *layer_kind_names(arena *a, size_t *count);
const layer_kind *layer_kind_find(const char *name);

/* Names that stand for nothing (unknown.c). Of a layer's kind: the one that is meant, where only a prefix is wrong. */
void report_unknown_name(lowering *l, const ast_name *name);
void report_unknown_callee(lowering *l, const ast_name *name);
const layer_kind *report_unknown_kind(lowering *l, const ast_name *name);

/* What is declared and never used (unused.c); of a model without errors. */
void warn_unused(lowering *l);
/* What a call with inplace=True overwrites in PyTorch and is read behind it (inplace.c); of a model without errors. */
void warn_inplace(lowering *l);
void inplace_note(lowering *l, const function *f, const arguments *a, const value *result);

void layer_declare(lowering *l, const ast_stmt *s);
/* A module of that name and prefix, as the call says; `broken` when that is at fault. keys: of single tensors, or NULL;
 * weights: how its matrices, if it has any, are kept; again: there is one of that name, so that only the arguments are
 * looked at. */
layer *layer_make(lowering *l, const ast_expr *call, const char *name, const char *prefix,
                  const ast_argument *keys, ir_weights weights, span where, bool again);
value layer_call(lowering *l, layer *self, const ast_expr *call);
/* Declares a tensor of the state_dict, or finds the one of the same key; NOWHERE after reporting a clash of shapes. */
size_t param_declare(lowering *l, const char *key, const ir_type *type, const char *wanted_by, span where);
/* For construct: a weight of these constant sizes; false after reporting. For call: its PARAM node's result. */
bool layer_declare_weight(lowering *l, layer *self, const char *name, const int64_t *sizes, unsigned rank);
/* How torch draws a weight of a layer (layer_init.c). */
ir_init layer_init(layer *self, const char *name, const int64_t *sizes, unsigned rank);
ir_value *layer_weight(lowering *l, const layer *self, const char *name);
/* The node that a layer is known by. */
ir_value *layer_value(lowering *l, const layer *self, ir_op op, ir_value *const *inputs, unsigned count,
                      const ir_type *type, span where);
/* An integer, or a tuple of one for each of `axes`, each at least `least`; false after reporting. */
bool layer_sizes(lowering *l, const arguments *a, size_t i, unsigned axes, int64_t otherwise, int64_t least,
                 int64_t *out);
/* An integer argument of a constructor that must be at least `least`; false after reporting. */
bool layer_at_least(lowering *l, const arguments *a, size_t i, int64_t found, int64_t least);
/* The error of a layer that got a wrong shape, with notes on the layer and on the argument. */
diag *layer_shape_error(lowering *l, const layer *self, const arguments *a, size_t argument, const char *expected);
/* The same when it is a wrong type; true when x is float32. */
bool layer_wants_float(lowering *l, const layer *self, const arguments *a);

#define LAYER_RULES(kind)                                                                                              \
    bool kind##_construct(lowering *l, layer *self, const arguments *a);                                               \
    value kind##_call(lowering *l, const layer *self, const arguments *a)

/* convolution.c, pool.c, norm.c, sequential.c: modules, and functions that share their rules. */
extern const parameter conv_parameters[9], conv_transpose_parameters[10], max_pool_parameters[6],
    avg_pool_parameters[6], adaptive_pool_parameters[2], layer_norm_parameters[4], rms_norm_parameters[3],
    batch_norm_parameters[5], group_norm_parameters[4], upsample_parameters[5];
bool conv1d_construct(lowering *l, layer *self, const arguments *a);
bool conv2d_construct(lowering *l, layer *self, const arguments *a);
value conv_call(lowering *l, const layer *self, const arguments *a);
LAYER_RULES(conv_transpose1d);
LAYER_RULES(pool);
LAYER_RULES(adaptive_pool);
LAYER_RULES(layer_norm);
LAYER_RULES(rms_norm);
LAYER_RULES(batch_norm);
LAYER_RULES(group_norm);
LAYER_RULES(instance_norm);
LAYER_RULES(upsample);
bool sequential_declare(lowering *l, layer *self, const ast_expr *call);
value sequential_call(lowering *l, const layer *self, const arguments *a);

bool recurrent_construct(lowering *l, layer *self, const arguments *a);
value recurrent_call(lowering *l, const layer *self, const arguments *a);
/* Is it the output of a recurrent layer, or the state of a cell, whose input had no batch dim? */
bool recurrent_is_unbatched(const ir_value *v);
bool cell_construct(lowering *l, layer *self, const arguments *a);
value cell_call(lowering *l, const layer *self, const arguments *a);

#endif
