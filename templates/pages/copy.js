// Buttons that copy the address before them. Without this script they stay hidden: the address selects whole at a tap.
for (const button of document.querySelectorAll("button[data-copied]")) {
  const address = button.previousElementSibling;
  const words = [button.textContent, button.ariaLabel];
  button.hidden = false;
  button.addEventListener("click", async () => {
    const range = document.createRange();
    range.selectNodeContents(address);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      // Only where the page came by https, or from this machine.
      if (navigator.clipboard) await navigator.clipboard.writeText(address.textContent);
      else if (!document.execCommand("copy")) return;
    } catch {
      return;
    }
    button.textContent = button.ariaLabel = button.dataset.copied;
    setTimeout(() => { [button.textContent, button.ariaLabel] = words; }, 2000);
  });
}
