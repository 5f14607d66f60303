/** The formats that a schema may ask for. None takes longer than its text is long. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  "date-time": (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text) && isTime(text),
  email: (text) => text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text),
  uri: (text) => /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(text) && URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
};

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(text);
  // Where a month is shorter, Date goes on into the next one.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const isTime = (text: string): boolean => isDate(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));
