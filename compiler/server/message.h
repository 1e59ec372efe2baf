/* message: the messages of the Language Server Protocol, each a header and JSON, on standard input
 * and output. */
#ifndef NNC_SERVER_MESSAGE_H
#define NNC_SERVER_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>

typedef enum { MESSAGE_READ, MESSAGE_NO_JSON, MESSAGE_END, MESSAGE_BROKEN } message_result;

/* The next one, to be released by json_decref. MESSAGE_NO_JSON: what came was none, and the next
 * one can be read; MESSAGE_BROKEN: what came is no message, or reading failed; *why says what. */
message_result message_read(json_t **message, const char **why);
/* Whether more has arrived, so that work for what is here can wait. */
bool message_waits(void);
/* Takes the message over. False when it cannot be written. */
bool message_write(json_t *message);
void message_end(void); /* releases what reading holds */

#endif
