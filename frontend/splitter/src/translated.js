// A browser that translates a page takes each text out of it and puts <font> elements in its place.
// The app goes on to change the texts that it knows, and finds the places of new elements by them.
// So each comes back, empty, before its translation, which goes as soon as the text is changed or
// taken away. The new text is then translated in its turn.
const fonts = new Map();
const dropTranslation = (text) => {
  fonts.get(text)?.remove();
  fonts.delete(text);
};
const translationOf = (text, { addedNodes, previousSibling, nextSibling }) =>
  [...addedNodes, previousSibling, nextSibling].find(
    (node) => node?.nodeName === 'FONT' && node.isConnected && ![...fonts.values()].includes(node),
  );
new MutationObserver((records) => {
  for (const record of records) {
    if (record.type === 'characterData' && record.target.data) dropTranslation(record.target);
    for (const text of record.removedNodes) {
      if (text.nodeType !== Node.TEXT_NODE || text.isConnected) continue;
      const font = text.data && translationOf(text, record);
      dropTranslation(text);
      if (!font) continue;
      fonts.set(text, font);
      text.data = '';
      font.before(text);
    }
  }
}).observe(document.body, { childList: true, characterData: true, subtree: true });
