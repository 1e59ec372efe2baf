/* ---- Status --------------------------------------------------------------------------------------------------------
 * What a run function returns. Every generated header carries a copy of the lines between begin and end. */

/* nnc status: begin */
#ifndef NNC_STATUS_DEFINED
#define NNC_STATUS_DEFINED
typedef enum {
    NNC_OK = 0,     /* done: outputs and state are written */
    NNC_ERR_NULL,   /* a pointer is NULL; with this and all that follow, outputs and state are as they were */
    NNC_ERR_DIM,    /* a run-time dimension is outside the bounds that the model declares */
    NNC_ERR_TOKEN,  /* an index into a table (a token of an Embedding) is negative or beyond the table */
    NNC_ERR_LENGTH, /* a length in `lengths` is less than 1 or more than the number of time steps */
    NNC_ERR_TARGET, /* training: a class of a loss is neither one of 0 to C - 1 nor its ignore_index */
    NNC_ERR_WEIGHTS, /* restore: the bytes are no file of this model's parameters */
    NNC_ERR_NONFINITE, /* training: the gradients' norm is not finite, under error_if_nonfinite; gradients are zero now */
    NNC_ERR_WEIGHTS_ALIGNMENT,  /* a file of weights does not lie on a multiple of 64 */
    NNC_ERR_WEIGHTS_MAGIC,      /* this is no file of weights */
    NNC_ERR_WEIGHTS_BYTE_ORDER, /* it is for machines of the other byte order */
    NNC_ERR_WEIGHTS_VERSION,    /* it is of another version of the format */
    NNC_ERR_WEIGHTS_MODEL,      /* it is for another model, or for another target */
    NNC_ERR_WEIGHTS_SIZE,       /* it is cut off, or goes on where it should end */
    NNC_ERR_WEIGHTS_CHECKSUM    /* it is damaged */
} nnc_status;

/* A status in words, for messages: never NULL, not to be freed. */
static inline const char *nnc_status_string(nnc_status status) {
    switch (status) {
    case NNC_OK: return "ok";
    case NNC_ERR_NULL: return "a pointer is NULL";
    case NNC_ERR_DIM: return "a dimension is out of its bounds";
    case NNC_ERR_TOKEN: return "a token is out of range";
    case NNC_ERR_LENGTH: return "a sequence length is out of range";
    case NNC_ERR_TARGET: return "a target's class is out of range";
    case NNC_ERR_WEIGHTS: return "these are not this model's parameters";
    case NNC_ERR_NONFINITE: return "the gradients' norm is not finite";
    case NNC_ERR_WEIGHTS_ALIGNMENT: return "the weights do not lie on a multiple of 64";
    case NNC_ERR_WEIGHTS_MAGIC: return "this is no file of weights";
    case NNC_ERR_WEIGHTS_BYTE_ORDER: return "the weights are for another byte order";
    case NNC_ERR_WEIGHTS_VERSION: return "the weights are in another version of the format";
    case NNC_ERR_WEIGHTS_MODEL: return "the weights are for another model";
    case NNC_ERR_WEIGHTS_SIZE: return "the weights' file is cut off or too long";
    case NNC_ERR_WEIGHTS_CHECKSUM: return "the weights' file is damaged";
    default: return "unknown status";
    }
}
#endif
/* nnc status: end */

/* The first address at or after p at which a vector of the widest kind is aligned; 15 floats may be passed over. A
 * model's struct is aligned to 4 bytes only, so that it may be placed anywhere: its scratch is aligned when used. */
NNC_FUNCTION float *nnc_align(float *p) { return p + ((0 - (uintptr_t)p) & 63) / sizeof(float); }
