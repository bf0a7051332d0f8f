#include <stdlib.h>
#include <string.h>
struct node { struct node *next; int value; };
static struct node *make(int n)
{
    struct node *first = NULL;
    while (n--) {
        struct node *new = malloc(sizeof *new);
        new->next = first;
        first = new;
    }
    return first;
}
int main(void)
{
    make(3);
    char *copy = strdup("hello, world");
    copy[0] = 'H';
    copy = NULL;
    return copy != NULL;
}
