/* poem_wasm.c: what JavaScript sees of the poem's model: functions, and places in the module's memory.
 *
 * The module imports nothing: no malloc, no files, no JavaScript glue. */
#include "poem.h"
#include "vocabulary.h"

#define EXPORT(type, name)                                                                                             \
    type name(void);                                                                                                   \
    __attribute__((export_name(#name))) type name(void)

static poem model; /* the LSTM's h and c are in here */
static int32_t character[1];
static float p[VOCABULARY_SIZE];

EXPORT(void, reset) { poem_reset(&model); }
EXPORT(int, run) { return poem_run(&model, character, p); }

EXPORT(int32_t *, character_at) { return character; }
EXPORT(float *, p_at) { return p; }
EXPORT(const char *, vocabulary_at) { return vocabulary; }
EXPORT(int, vocabulary_size) { return VOCABULARY_SIZE; }
EXPORT(int, vocabulary_end) { return VOCABULARY_END; }
