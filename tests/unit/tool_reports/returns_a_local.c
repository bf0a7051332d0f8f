#include <stdio.h>
static char *name(int n)
{
    char text[20];
    char *p = text;
    snprintf(text, sizeof text, "n%d", n);
    return p;
}
int main(void)
{
    char *n = name(3);
    printf("%c\n", n[0]);
    return 0;
}
