/** Of a stream such as `product-<id>`. Categories hold no dash: everything before the first one. */
export const categoryOf = (stream: string): string => {
  const dash = stream.indexOf('-');
  return dash < 0 ? stream : stream.slice(0, dash);
};
